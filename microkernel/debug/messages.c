#include <messages.h>
#include <string.h>

#ifdef OUROS_DEBUG
_Static_assert(sizeof(struct message_record) == 1 << MESSAGE_SHIFT, "messages.h");
_Static_assert(offsetof(struct message_record, to) == MESSAGE_TO, "messages.h");
_Static_assert(offsetof(struct message_record, label) == MESSAGE_LABEL, "messages.h");
_Static_assert(offsetof(struct message_record, word) == MESSAGE_WORD, "messages.h");
_Static_assert(offsetof(struct message_record, state) == MESSAGE_STATE, "messages.h");

struct message_record message_ring[MESSAGES];
uint64_t message_count;

void message_note(const struct thread *from, const struct thread *to)
{
    message_ring[message_count++ % MESSAGES] = (struct message_record){
        .from = from->id,
        .to = to->id,
        .label = from->flags & THREAD_F_FAULT ? from->fault_label : from->frame.rsi,
        .word = from->flags & THREAD_F_FAULT ? from->fault_word[0] : from->frame.word[0],
        .state = from->state,
    };
}

#define OWN_NUMBERS 0x100 /* from here on a number belongs to one protocol (docs/ipc.md) */

static const struct {
    const char *protocol;
    uint32_t number;
    const char *operation;
} names[] = {
#define NAME(protocol, number, operation) {protocol, number, operation},
#include <protocol_names.h>
#undef NAME
};

const char *message_name(uint32_t label, const char *server, const char **protocol)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        *protocol = names[i].protocol;
        if (names[i].number == label &&
            (label >= OWN_NUMBERS || text_equal(*protocol, strlen(*protocol), server)))
            return names[i].operation;
    }
    return NULL;
}
#endif
