// sources:
/* ouros/ptep.h with 2 levels of 10 index bits. */
#define PTEP_LEVELS     2
#define PTEP_INDEX_BITS 10
#include "ptep_cases.h"
