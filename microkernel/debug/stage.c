#include <stage.h>

uint32_t boot_stage_number;

/* By the mark a test finds, in the image, the stage to fail in. */
struct {
    char mark[16];
    uint32_t stage;
} boot_fault = {.mark = "boot fault stage"};

void boot_stage(uint32_t stage)
{
    boot_stage_number = stage;
    if (boot_fault.stage == stage)
        __builtin_trap();
}
