// edu [n...]: factorials by QEMU's device for teaching; without numbers, how many there have been.
#include <stdio.h>

#include <ipc/open.h>
#include <proto/edu.h>

#include "tool.h"

int main(int argc, char **argv)
{
    struct edu_result result = {0};
    struct edu_count count = {0};
    handle_t server = ipc_open("edu");
    int error = 0;
    tool_start(argv);
    for (int i = 1; i < argc && !error; i++) {
        long long n;
        if (!tool_number(argv[i], &n) || n < 0 || n > EDU_MOST)
            tool_usage("[n...], each 0 to 12");
        error = edu_factorial(server, &(struct edu_number){(uint32_t)n}, &result, 0);
        if (!error)
            printf("%lld! = %u\n", n, result.factorial);
    }
    if (argc == 1 && !(error = edu_count(server, NULL, &count, 0)))
        printf("%llu\n", (unsigned long long)count.done);
    if (error)
        tool_warnx(error == E_NODEV ? "there is no such device" : "error %d of the server", error);
    return tool_finish(error != 0);
}
