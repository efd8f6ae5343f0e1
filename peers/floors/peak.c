/* Runs a program and says on stderr how much memory it had at its most, in KiB. A child's peak begins with that of whoever
   started it, which here is next to nothing. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int count, char **arguments) {
    struct rusage usage;
    int status;
    pid_t child;

    if (count < 2)
        return 2;
    child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), 1);
        execv(arguments[1], arguments + 1);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
        return 1;
    fprintf(stderr, "%ld\n", usage.ru_maxrss);
    return 0;
}
