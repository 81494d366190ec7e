/* Processes on one LMDB environment: writers count up one number in transactions, while their parent reads it. With a
   third argument the parent kills each writer after so many milliseconds. */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define WRITERS 4

static MDB_env *environment;
static MDB_dbi table;
static MDB_val key = {7, "counter"};

static void check(int result, const char *what)
{
    if (result != MDB_SUCCESS) {
        printf("%s: %s\n", what, mdb_strerror(result));
        exit(1);
    }
}

static void open_environment(const char *path)
{
    MDB_txn *transaction;
    check(mdb_env_create(&environment), "create");
    check(mdb_env_set_mapsize(environment, 64 << 20), "size");
    check(mdb_env_open(environment, path, MDB_NOSYNC, 0664), "open");
    check(mdb_txn_begin(environment, NULL, 0, &transaction), "begin");
    check(mdb_dbi_open(transaction, NULL, 0, &table), "table");
    check(mdb_txn_commit(transaction), "commit");
}

static long long value(MDB_txn *transaction)
{
    MDB_val found;
    long long value = 0;
    if (mdb_get(transaction, table, &key, &found) == MDB_SUCCESS)
        memcpy(&value, found.mv_data, sizeof value);
    return value;
}

static long long read_value(void)
{
    MDB_txn *transaction;
    long long now;
    check(mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction), "read");
    now = value(transaction);
    mdb_txn_abort(transaction);
    return now;
}

static void count_up(long times)
{
    ULONGLONG start = GetTickCount64();
    long time;
    for (time = 0; time < times; time++) {
        MDB_txn *transaction;
        long long next;
        MDB_val data = {sizeof next, &next};
        check(mdb_txn_begin(environment, NULL, 0, &transaction), "begin");
        next = value(transaction) + 1;
        check(mdb_put(transaction, table, &key, &data, 0), "put");
        check(mdb_txn_commit(transaction), "commit");
    }
    printf("%ld transactions in %llu ms\n", times, GetTickCount64() - start);
}

static HANDLE start(const char *path, const char *times)
{
    STARTUPINFOA startup = {0};
    PROCESS_INFORMATION process;
    char program[MAX_PATH], line[2 * MAX_PATH];
    startup.cb = sizeof startup;
    GetModuleFileNameA(NULL, program, sizeof program);
    snprintf(line, sizeof line, "\"%s\" \"%s\" %s 0 writer", program, path, times);
    if (!CreateProcessA(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        exit(2);
    CloseHandle(process.hThread);
    return process.hProcess;
}

int main(int count, char **arguments)
{
    HANDLE writers[WRITERS];
    long long first, last, before;
    int writer;
    if (count < 3)
        return 2;
    open_environment(arguments[1]);
    if (count > 4) {
        count_up(atol(arguments[2]));
        mdb_env_close(environment);
        return 0;
    }
    first = last = read_value();
    for (writer = 0; writer < WRITERS; writer++)
        writers[writer] = start(arguments[1], arguments[2]);
    for (writer = 0; count > 3 && writer < WRITERS; writer++) {
        Sleep((DWORD)atoi(arguments[3]));
        TerminateProcess(writers[writer], 9);
    }
    do {
        before = last;
        last = read_value();
        if (last < before)
            return 1;
    } while (WaitForMultipleObjects(WRITERS, writers, TRUE, 1) == WAIT_TIMEOUT);
    printf("counted %lld by %d writers\n", read_value() - first, WRITERS);
    count_up(1000);
    mdb_env_close(environment);
    return 0;
}
