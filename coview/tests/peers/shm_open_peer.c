/* A POSIX program that meets Coview in shared memory: the other side of tests/others_linux.rs.
 * Usage: shm_open_peer create|open|unlink /NAME [SIZE]. It says what it sees in lines that begin with @@. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *what) {
    printf("@@%s fails\n", what);
    return 1;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 3) return fail("the call");
    if (!strcmp(argv[1], "unlink")) return shm_unlink(argv[2]) ? fail("shm_unlink") : 0;
    int create = !strcmp(argv[1], "create");
    int fd = shm_open(argv[2], create ? O_CREAT | O_EXCL | O_RDWR : O_RDWR, 0600);
    if (fd < 0) return fail("shm_open");
    if (create && ftruncate(fd, atol(argv[3]))) return fail("ftruncate");
    struct stat status;
    if (fstat(fd, &status)) return fail("fstat");
    char *bytes = mmap(NULL, status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED) return fail("mmap");
    printf("@@size %ld\n", (long)status.st_size);

    /* Orders: r OFFSET prints the string there, w OFFSET TEXT writes one. */
    char line[256], text[200];
    long offset;
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "r %ld", &offset) == 1) printf("@@%s\n", bytes + offset);
        else if (sscanf(line, "w %ld %199[^\n]", &offset, text) == 2) {
            strcpy(bytes + offset, text);
            printf("@@written\n");
        }
    }
    return 0;
}
