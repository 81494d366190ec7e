/* Two processes and their parent on one SQLite database: each writes in transactions of its own, the parent reads. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include <windows.h>

static sqlite3 *database;

static void check(int result, const char *what)
{
    if (result != SQLITE_OK && result != SQLITE_ROW) {
        printf("%s: %s\n", what, sqlite3_errmsg(database));
        exit(1);
    }
}

static void run(const char *sql)
{
    check(sqlite3_exec(database, sql, NULL, NULL, NULL), sql);
}

static long long value(const char *sql)
{
    sqlite3_stmt *statement;
    long long value;
    check(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), sql);
    check(sqlite3_step(statement), sql);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void write_rows(int rows)
{
    ULONGLONG start = GetTickCount64();
    int row;
    run("PRAGMA synchronous = NORMAL");
    for (row = 0; row < rows; row++) {
        run("BEGIN IMMEDIATE");
        run("INSERT INTO numbers(number) SELECT 1 + coalesce(max(number), 0) FROM numbers");
        run("COMMIT");
    }
    printf("%d transactions in %llu ms\n", rows, GetTickCount64() - start);
}

static HANDLE start(const char *path, const char *rows)
{
    STARTUPINFOA startup = {0};
    PROCESS_INFORMATION process;
    char program[MAX_PATH], line[2 * MAX_PATH];
    startup.cb = sizeof startup;
    GetModuleFileNameA(NULL, program, sizeof program);
    snprintf(line, sizeof line, "\"%s\" \"%s\" %s writer", program, path, rows);
    if (!CreateProcessA(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process))
        exit(2);
    CloseHandle(process.hThread);
    return process.hProcess;
}

int main(int count, char **arguments)
{
    HANDLE writers[2];
    long long rows = 0, before;
    if (count < 3)
        return 2;
    check(sqlite3_open(arguments[1], &database), "open");
    sqlite3_busy_timeout(database, 20000);
    if (count > 3) {
        write_rows(atoi(arguments[2]));
        return sqlite3_close(database);
    }
    printf("sqlite %s, vfs %s\n", sqlite3_libversion(), sqlite3_vfs_find(NULL)->zName);
    run("PRAGMA journal_mode = WAL");
    run("CREATE TABLE IF NOT EXISTS numbers(id INTEGER PRIMARY KEY, number INTEGER)");
    fflush(stdout);
    writers[0] = start(arguments[1], arguments[2]);
    writers[1] = start(arguments[1], arguments[2]);
    do {
        before = rows;
        rows = value("SELECT count(*) FROM numbers");
        if (rows < before)
            return 1;
    } while (WaitForMultipleObjects(2, writers, TRUE, 1) == WAIT_TIMEOUT);
    printf("%lld rows, %lld different numbers, whole: %lld\n", value("SELECT count(*) FROM numbers"),
           value("SELECT count(DISTINCT number) FROM numbers"),
           value("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"));
    return sqlite3_close(database);
}
