/* Notices and notification bits: what the kernel tells a server. Records are part of the objects they speak
 * of, so that nothing is allocated when something dies. */
#include <port.h>

void notice_init(struct notice *notice, struct object *owner)
{
    list_init(&notice->link);
    notice->owner = owner;
}

/* A receiver that waits takes whatever the port now has. */
void port_wake(struct port *port)
{
    if (list_empty(&port->receivers))
        return;
    ipc_take(container_of(port->receivers.next, struct thread, run), port);
}

void notice_bind(struct notice *notice, struct port *port)
{
    if (notice->port == port)
        return;
    notice_drop(notice);
    notice->port = port;
    object_get(&port->object);
}

void notice_send(struct notice *notice, uint32_t label, uint64_t badge, uint64_t w0, uint64_t w1, uint64_t w2)
{
    struct port *port = notice->port;
    if (!port || port->dead) {
        notice_drop(notice);
        return;
    }
    notice->label = label;
    notice->badge = badge;
    notice->word[0] = w0;
    notice->word[1] = w1;
    notice->word[2] = w2;
    if (list_empty(&notice->link))
        object_get(notice->owner);
    else if (notice->id > port->given)
        return; /* still queued: its words are new, its place stays */
    list_remove(&notice->link);
    notice->id = ++port->next_notice;
    list_add_tail(&port->notices, &notice->link);
    port_wake(port);
}

void notice_drop(struct notice *notice)
{
    struct port *port = notice->port;
    if (!port)
        return;
    if (!list_empty(&notice->link))
        object_put(notice->owner);
    list_remove(&notice->link);
    notice->port = NULL;
    object_put(&port->object);
}

void port_notify(struct port *port, uint64_t bits)
{
    port->bits |= bits;
    port_wake(port);
}

int sys_notify(struct thread *thread, struct syscall *s)
{
    struct handle_entry *entry;
    TRY(handle_entry(thread->task, s->a[0], &entry));
    FAIL_IF(!(entry->rights & RIGHT_NOTIFY), E_RIGHTS);
    switch (handle_kind(entry)) {
    case OBJ_PORT: port_notify((struct port *)entry->object, s->a[1]); return 0;
    case OBJ_SESSION: port_notify(((struct session *)entry->object)->port, s->a[1]); return 0;
    default: return E_TYPE;
    }
}
