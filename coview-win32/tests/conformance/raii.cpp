// A C++ program with exceptions on: wrappers that close what they hold, and std::thread beside CreateThread.
#include "check.h"

#include <atomic>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace
{

struct Failure : std::runtime_error {
    DWORD code;
    explicit Failure(const char *what) : std::runtime_error(what), code(GetLastError()) {}
};

class Handle
{
  public:
    explicit Handle(HANDLE handle, const char *what) : handle_(handle)
    {
        if (!handle_ || handle_ == INVALID_HANDLE_VALUE)
            throw Failure(what);
    }
    Handle(Handle &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Handle(const Handle &) = delete;
    Handle &operator=(const Handle &) = delete;
    ~Handle()
    {
        if (handle_)
            CloseHandle(handle_);
    }
    HANDLE get() const { return handle_; }

  private:
    HANDLE handle_;
};

class Lock
{
  public:
    explicit Lock(const Handle &mutex) : mutex_(mutex)
    {
        DWORD result = WaitForSingleObject(mutex.get(), LIMIT_MS);
        if (result != WAIT_OBJECT_0 && result != WAIT_ABANDONED)
            throw Failure("lock");
        abandoned = result == WAIT_ABANDONED;
    }
    Lock(const Lock &) = delete;
    Lock &operator=(const Lock &) = delete;
    ~Lock() { ReleaseMutex(mutex_.get()); }
    bool abandoned;

  private:
    const Handle &mutex_;
};

struct Unmap {
    void operator()(void *view) const { UnmapViewOfFile(view); }
};

template <typename T> using View = std::unique_ptr<T, Unmap>;

struct Shared {
    LONG count;
    char text[32];
};

View<Shared> map(const Handle &mapping)
{
    View<Shared> view(static_cast<Shared *>(MapViewOfFile(mapping.get(), FILE_MAP_ALL_ACCESS, 0, 0, sizeof(Shared))));
    if (!view)
        throw Failure("map");
    return view;
}

Handle mapping_named(const std::string &name)
{
    return Handle(CreateFileMappingA(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, sizeof(Shared), name.c_str()),
                  "mapping");
}

void failures_are_thrown()
{
    DWORD code = 0;
    try {
        Handle mutex(OpenMutexA(SYNCHRONIZE, FALSE, named("nobody")), "open");
    } catch (const Failure &failure) {
        code = failure.code;
    }
    CHECK("C", code == ERROR_FILE_NOT_FOUND, "a constructor throws with the last error");
}

void wrappers_close_what_they_hold()
{
    std::string name = named("raii");
    {
        Handle mapping = mapping_named(name);
        View<Shared> view = map(mapping);
        strcpy(view->text, "written");
        CHECK("C", std::string(map(mapping)->text) == "written", "views are released by their owners");
        Handle moved = std::move(mapping);
        CHECK("C", std::string(map(moved)->text) == "written", "handles can be moved");
    }
    CHECK_ERROR("C", !OpenFileMappingA(FILE_MAP_READ, FALSE, name.c_str()), 2,
                "at the end of the block the name is free");
}

void locks_survive_exceptions()
{
    Handle mutex(CreateMutexA(nullptr, FALSE, nullptr), "mutex");
    bool caught = false;
    try {
        Lock lock(mutex);
        throw std::runtime_error("inside");
    } catch (const std::runtime_error &) {
        caught = true;
    }
    bool taken = false;
    std::thread([&] { taken = !Lock(mutex).abandoned; }).join();
    CHECK("C", caught && taken, "an exception releases what was locked");
}

DWORD WINAPI count_up(LPVOID argument)
{
    auto *work = static_cast<std::pair<const Handle *, Shared *> *>(argument);
    for (int round = 0; round < 5000; round++) {
        Lock lock(*work->first);
        work->second->count++;
    }
    return 0;
}

void both_kinds_of_threads()
{
    Handle mutex(CreateMutexA(nullptr, FALSE, nullptr), "mutex"), mapping = mapping_named("");
    View<Shared> view = map(mapping);
    auto work = std::make_pair(static_cast<const Handle *>(&mutex), view.get());
    std::vector<std::thread> threads;
    std::vector<Handle> handles;
    for (int at = 0; at < 2; at++) {
        threads.emplace_back([&work] { count_up(&work); });
        handles.emplace_back(CreateThread(nullptr, 0, count_up, &work, 0, nullptr), "thread");
    }
    for (auto &thread : threads)
        thread.join();
    for (auto &handle : handles)
        WaitForSingleObject(handle.get(), LIMIT_MS);
    CHECK("C", view->count == 20000, "std::thread and CreateThread share a mutex");
}

void standard_threads_abandon()
{
    Handle mutex(CreateMutexA(nullptr, FALSE, nullptr), "mutex");
    std::thread([&] { WaitForSingleObject(mutex.get(), INFINITE); }).join();
    CHECK("C", Lock(mutex).abandoned, "a std::thread that ends as owner abandons");
}

std::atomic<int> destroyed{0};

struct Witness {
    ~Witness() { destroyed++; }
};

DWORD WINAPI throws_and_catches(LPVOID)
{
    try {
        Witness witness;
        throw 5;
    } catch (int number) {
        return static_cast<DWORD>(number);
    }
}

DWORD WINAPI leaves_thread(LPVOID)
{
    thread_local Witness witness;
    (void)&witness;
    ExitThread(6);
    return 0;
}

VOID CALLBACK throwing_call(ULONG_PTR)
{
    throw std::runtime_error("from an APC");
}

void exceptions_in_threads()
{
    CHECK("C", in_thread(throws_and_catches, nullptr) == 5 && destroyed == 1,
          "a thread of CreateThread throws and catches");
    CHECK("C", in_thread(leaves_thread, nullptr) == 6 && destroyed == 2,
          "ExitThread destroys what is the thread's own");
}

#ifdef __linux__
/* Windows makes no such promise. */
void exceptions_through_waits()
{
    bool caught = false;
    QueueUserAPC(throwing_call, GetCurrentThread(), 0);
    try {
        SleepEx(LIMIT_MS, TRUE);
    } catch (const std::runtime_error &) {
        caught = true;
    }
    CHECK("C", caught && SleepEx(0, TRUE) == 0, "an exception passes through the wait that ran its APC");
}
#endif

BOOL CALLBACK initialise(PINIT_ONCE, PVOID argument, PVOID *)
{
    (*static_cast<int *>(argument))++;
    return TRUE;
}

void once()
{
    static INIT_ONCE once = INIT_ONCE_STATIC_INIT;
    int count = 0;
    std::vector<std::thread> threads;
    for (int at = 0; at < 4; at++)
        threads.emplace_back([&] { InitOnceExecuteOnce(&once, initialise, &count, nullptr); });
    for (auto &thread : threads)
        thread.join();
    CHECK("C", count == 1, "one-time initialisation among standard threads");
}

} // namespace

int main()
{
    watch();
    failures_are_thrown();
    wrappers_close_what_they_hold();
    locks_survive_exceptions();
    both_kinds_of_threads();
    standard_threads_abandon();
    exceptions_in_threads();
#ifdef __linux__
    exceptions_through_waits();
#endif
    once();
    return conclude();
}
