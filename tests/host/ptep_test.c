// sources:
/* ouros/ptep.h with 4 levels of 9 index bits. */
#define PTEP_LEVELS     4
#define PTEP_INDEX_BITS 9
#include "ptep_cases.h"
