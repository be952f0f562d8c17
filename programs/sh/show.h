#ifndef SHOW_H
#define SHOW_H

struct buffer;
struct node;

/// Adds the text of a command: as it would be typed, but without quotes, and compound commands cut short.
void show_node(struct buffer *out, const struct node *node);

#endif
