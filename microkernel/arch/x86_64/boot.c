/* The stages of the boot, in order. boot.S has brought us to the high half. */
#include <arch/platform.h>
#include <arch/cpu.h>
#include <log.h>
#include <stage.h>

static struct boot_params params;

void arch_boot(uint32_t magic, uint32_t info);

void arch_boot(uint32_t magic, uint32_t info)
{
    boot_stage(STAGE_HIGH);
    console_init();
    map_init();
    boot_stage(STAGE_CPU);
    cpu_init();
    boot_stage(STAGE_PARAMS);
    boot_params_read(&params, magic, info);
    options_parse(params.cmdline);
    boot_stage(STAGE_ACPI);
    acpi_init(&params);
    apic_init();
    boot_stage(STAGE_TIME);
    time_init();
    boot_stage(STAGE_MEMORY);
    kernel_main(&params);
}
