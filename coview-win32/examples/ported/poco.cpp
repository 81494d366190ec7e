// POCO's named objects between two processes, and its threads within one.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "Poco/Event.h"
#include "Poco/Mutex.h"
#include "Poco/NamedEvent.h"
#include "Poco/NamedMutex.h"
#include "Poco/RWLock.h"
#include "Poco/RunnableAdapter.h"
#include "Poco/Semaphore.h"
#include "Poco/SharedMemory.h"
#include "Poco/Thread.h"

namespace
{

const int ROUNDS = 20000;
const int COUNTS = 100000;

struct Shared {
    int turns;
    int counter;
};

// What both processes open: memory, an event each way and a mutex.
struct Objects {
    Poco::SharedMemory memory;
    Poco::NamedEvent ping, pong;
    Poco::NamedMutex mutex;
    Shared &shared;

    explicit Objects(const std::string &name)
        : memory("memory-" + name, sizeof(Shared), Poco::SharedMemory::AM_WRITE), ping("ping-" + name),
          pong("pong-" + name), mutex("mutex-" + name), shared(*reinterpret_cast<Shared *>(memory.begin()))
    {
    }

    void count()
    {
        for (int index = 0; index < COUNTS; index++) {
            Poco::NamedMutex::ScopedLock lock(mutex);
            shared.counter++;
        }
    }

    void answer()
    {
        for (int round = 0; round < ROUNDS; round++) {
            ping.wait();
            shared.turns++;
            pong.set();
        }
    }

    bool call()
    {
        for (int round = 1; round <= ROUNDS; round++) {
            ping.set();
            pong.wait();
            if (shared.turns != round)
                return false;
        }
        return true;
    }
};

struct Work {
    Poco::Event begin{Poco::Event::EVENT_MANUALRESET};
    Poco::Semaphore done{0, 1000000};
    Poco::RWLock door;
    Poco::FastMutex mutex;
    int count = 0, thrown = 0;

    void run()
    {
        begin.wait();
        for (int index = 0; index < ROUNDS; index++) {
            Poco::ScopedRWLock lock(door, index % 10 == 0);
            try {
                Poco::FastMutex::ScopedLock inner(mutex);
                count++;
                if (index % 1000 == 0)
                    throw Poco::TimeoutException("made up");
            } catch (Poco::TimeoutException &) {
                Poco::FastMutex::ScopedLock inner(mutex);
                thrown++;
            }
            done.set();
        }
    }
};

HANDLE start(const std::string &name)
{
    STARTUPINFOA startup = {};
    PROCESS_INFORMATION process;
    char program[MAX_PATH];
    GetModuleFileNameA(nullptr, program, sizeof program);
    std::string line = '"' + std::string(program) + "\" " + name;
    startup.cb = sizeof startup;
    if (!CreateProcessA(program, &line[0], nullptr, nullptr, FALSE, 0, nullptr, nullptr, &startup, &process))
        throw Poco::SystemException("no child");
    CloseHandle(process.hThread);
    return process.hProcess;
}

void between_processes(const std::string &name)
{
    Objects objects(name);
    HANDLE child = start(name);
    ULONGLONG begin = GetTickCount64();
    bool right = objects.call();
    ULONGLONG took = GetTickCount64() - begin;
    objects.count();
    WaitForSingleObject(child, INFINITE);
    CloseHandle(child);
    std::printf("%d round trips in %llu ms, %s; counted %d of %d\n", ROUNDS, took, right ? "in turn" : "OUT OF TURN",
                objects.shared.counter, 2 * COUNTS);
    try {
        Poco::NamedMutex clash("ping-" + name);
        std::printf("a mutex under the name of an event\n");
    } catch (Poco::SystemException &error) {
        std::printf("refused: %s\n", error.displayText().c_str());
    }
}

void within()
{
    Work work;
    Poco::RunnableAdapter<Work> runnable(work, &Work::run);
    std::vector<std::unique_ptr<Poco::Thread>> threads;
    for (int index = 0; index < 4; index++) {
        threads.emplace_back(new Poco::Thread);
        threads.back()->start(runnable);
    }
    work.begin.set();
    for (int index = 0; index < 4 * ROUNDS; index++)
        work.done.wait();
    for (auto &thread : threads)
        thread->join();
    std::printf("threads counted %d, threw %d, left %d\n", work.count, work.thrown, work.done.tryWait(10));
}

} // namespace

int main(int count, char **arguments)
{
    try {
        if (count > 1) {
            Objects objects(arguments[1]);
            objects.answer();
            objects.count();
            return 0;
        }
        between_processes(std::to_string(GetCurrentProcessId()));
        within();
    } catch (Poco::Exception &error) {
        std::printf("failed: %s\n", error.displayText().c_str());
        return 1;
    }
}
