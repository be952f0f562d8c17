// sources:
/* ouros/ptep.h with 5 levels of 9 index bits. */
#define PTEP_LEVELS     5
#define PTEP_INDEX_BITS 9
#include "ptep_cases.h"
