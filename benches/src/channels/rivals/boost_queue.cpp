// Boost.Interprocess' message queue behind functions that C can call. Compiled when the benchmark runs.
#include <boost/interprocess/ipc/message_queue.hpp>

#include <cstdio>
#include <cstdlib>

using boost::interprocess::create_only;
using boost::interprocess::message_queue;
using boost::interprocess::open_only;

namespace {

template <typename Call>
auto or_abort(Call call) -> decltype(call()) {
    try {
        return call();
    } catch (const std::exception &error) {
        std::fprintf(stderr, "boost: %s\n", error.what());
        std::abort();
    }
}

} // namespace

extern "C" {

void *boost_create(const char *name, std::size_t capacity, std::size_t len) {
    return or_abort([&] { return new message_queue(create_only, name, capacity, len); });
}

void *boost_open(const char *name) {
    return or_abort([&] { return new message_queue(open_only, name); });
}

void boost_close(void *queue) {
    delete static_cast<message_queue *>(queue);
}

void boost_remove(const char *name) {
    message_queue::remove(name);
}

void boost_send(void *queue, const void *message, std::size_t len) {
    or_abort([&] { static_cast<message_queue *>(queue)->send(message, len, 0); });
}

bool boost_try_send(void *queue, const void *message, std::size_t len) {
    return or_abort([&] { return static_cast<message_queue *>(queue)->try_send(message, len, 0); });
}

std::size_t boost_receive(void *queue, void *buffer, std::size_t len) {
    message_queue::size_type received = 0;
    unsigned priority = 0;
    or_abort([&] { static_cast<message_queue *>(queue)->receive(buffer, len, received, priority); });
    return received;
}

// Zero if there is none; no message here is empty.
std::size_t boost_try_receive(void *queue, void *buffer, std::size_t len) {
    message_queue::size_type received = 0;
    unsigned priority = 0;
    bool found = or_abort([&] { return static_cast<message_queue *>(queue)->try_receive(buffer, len, received, priority); });
    return found ? received : 0;
}
}
