/*
 * The inside of a statement's parentheses: words, expressions and data, read by recursive descent.
 *
 * Expressions become postfix programs (struct step); data becomes pieces. parse.c calls it argument by argument.
 * It must not know calls or processes.
 */
#include "parse.h"

#include <string.h>

/* ---- characters and words ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

char parse_peek(struct parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\r') parser->at++;
    return *parser->at;
}

bool parse_accept(struct parser *parser, char c)
{
    if (parse_peek(parser) != c) return false;
    parser->at++;
    return true;
}

void parse_expect(struct parser *parser, char c, const char *where)
{
    char wanted[64] = { '\'', c, '\'', ' ' };
    strncat(wanted, where, sizeof wanted - 5);
    if (!parse_accept(parser, c)) parse_unexpected(parser, wanted);
}

/* Reads a name; false when there is none here. */
bool parse_word(struct parser *parser, char name[MAX_NAME + 1])
{
    size_t length = 0;
    if (!is_letter(parse_peek(parser))) return false;
    while (is_letter(parser->at[length]) || is_digit(parser->at[length])) length++;
    if (length > MAX_NAME)
        parse_fail(parser, "the name %.20s... is too long; a name has at most %d characters", parser->at, MAX_NAME);
    memcpy(name, parser->at, length);
    name[length] = '\0';
    parser->at += length;
    return true;
}

/* ---- expressions ---- */

static void emit(struct parser *parser, struct step step)
{
    struct expr *expr = parser->expr;
    if (expr->nr_steps == parser->room) {
        int room = parser->room ? parser->room * 2 : 8;
        struct step *steps = parse_take(parser->scenario, (size_t)room * sizeof *steps);
        if (expr->nr_steps) memcpy(steps, expr->steps, (size_t)expr->nr_steps * sizeof *steps);
        expr->steps = steps;
        parser->room = room;
    }
    expr->steps[expr->nr_steps++] = step;
}

static void emit_operator(struct parser *parser, enum step_kind kind)
{
    emit(parser, (struct step){ .kind = kind });
}

static void number(struct parser *parser)
{
    const char *start = parser->at;
    unsigned base = 10;
    int length = 0;
    uint64_t value = 0;
    while (is_digit(start[length]) || is_letter(start[length])) length++;
    if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X')) base = 16, parser->at += 2;
    else if (start[0] == '0') base = 8;
    if (parser->at == start + length) parse_fail(parser, "0x without a digit; write 0x0 or another hexadecimal number");
    for (; parser->at < start + length; parser->at++) {
        char c = *parser->at;
        unsigned digit = is_digit(c) ? (unsigned)(c - '0') : (unsigned)((c | 32) - 'a' + 10);
        if (digit >= base || c == '_')
            parse_fail(parser, "'%c' in the number %.*s; a number is decimal, 0x hexadecimal or 0 octal", c, length, start);
        if (value > (UINT64_MAX - digit) / base)
            parse_fail(parser, "the number %.*s is too large; numbers are below 2^64", length, start);
        value = value * base + digit;
    }
    emit(parser, (struct step){ PUSH_NUMBER, { .number = value } });
}

static void name_in_expression(struct parser *parser)
{
    char name[MAX_NAME + 1];
    uint64_t value;
    parse_word(parser, name);
    if (strcmp(name, "fill") == 0) parse_fail(parser, "fill(byte, count) is data, not a number");
    if (strcmp(name, "BRK") == 0) emit_operator(parser, PUSH_HEAP);
    else if (constant_value(name, &value)) emit(parser, (struct step){ PUSH_NUMBER, { .number = value } });
    else emit(parser, (struct step){ PUSH_SYMBOL, { .symbol = parse_symbol(parser, name) } });
}

static void alternatives(struct parser *parser);

static void unary(struct parser *parser)
{
    if (++parser->depth > MAX_DEPTH) parse_fail(parser, "more than %d signs and parentheses within each other", MAX_DEPTH);
    if (parse_accept(parser, '-')) {
        unary(parser);
        emit_operator(parser, NEGATE);
    } else if (parse_accept(parser, '~')) {
        unary(parser);
        emit_operator(parser, INVERT);
    } else if (parse_accept(parser, '(')) {
        alternatives(parser);
        parse_expect(parser, ')', "after an expression");
    } else if (is_digit(*parser->at)) {
        number(parser);
    } else if (is_letter(*parser->at)) {
        name_in_expression(parser);
    } else {
        parse_unexpected(parser, "a number or a name");
    }
    parser->depth--;
}

static void product(struct parser *parser)
{
    unary(parser);
    while (parse_accept(parser, '*')) {
        unary(parser);
        emit_operator(parser, MULTIPLY);
    }
}

static void sum(struct parser *parser)
{
    product(parser);
    for (;;) {
        enum step_kind kind = ADD;
        if (parse_accept(parser, '-')) kind = SUBTRACT;
        else if (!parse_accept(parser, '+')) return;
        product(parser);
        emit_operator(parser, kind);
    }
}

static void alternatives(struct parser *parser)
{
    sum(parser);
    while (parse_accept(parser, '|')) {
        sum(parser);
        emit_operator(parser, UNITE);
    }
}

/* Builds into `expr`, with `rule` one of the functions above. */
static void build(struct parser *parser, struct expr *expr, void (*rule)(struct parser *))
{
    parser->expr = expr;
    parser->room = 0;
    parser->depth = 0;
    rule(parser);
}

/* ---- data ---- */

static int hex_digit(char c)
{
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static uint8_t hex_escape(struct parser *parser)
{
    int value = 0;
    if (hex_digit(*parser->at) < 0) parse_fail(parser, "\\x without a hexadecimal digit; write \\x00 to \\xff");
    for (int i = 0; i < 2 && hex_digit(*parser->at) >= 0; i++) value = value * 16 + hex_digit(*parser->at++);
    return (uint8_t)value;
}

static uint8_t octal_escape(struct parser *parser)
{
    int value = 0;
    for (int i = 0; i < 3 && *parser->at >= '0' && *parser->at <= '7'; i++) value = value * 8 + *parser->at++ - '0';
    if (value > 255) parse_fail(parser, "an octal escape above \\377, which is no byte");
    return (uint8_t)value;
}

/* After the backslash. */
static uint8_t escape(struct parser *parser)
{
    static const char from[] = "abfnrtv\\\"'?", to[] = "\a\b\f\n\r\t\v\\\"'?";
    char c = *parser->at;
    const char *simple = c ? strchr(from, c) : NULL;
    if (c >= '0' && c <= '7') return octal_escape(parser);
    if (!c) parse_fail(parser, "a string without its closing '\"'");
    parser->at++;
    if (simple) return (uint8_t)to[simple - from];
    if (c == 'x') return hex_escape(parser);
    parser->at--;
    parse_unexpected(parser, "one of a b f n r t v \\ \" ' ? x or an octal digit, after a backslash,");
}

static void string(struct parser *parser, struct piece *piece)
{
    parser->at++;
    uint8_t *bytes = parse_take(parser->scenario, strlen(parser->at) + 1);
    piece->text = bytes;
    while (*parser->at != '"') {
        if (*parser->at == '\0') parse_fail(parser, "a string without its closing '\"'");
        if (*parser->at == '\\') parser->at++, bytes[piece->length++] = escape(parser);
        else bytes[piece->length++] = (uint8_t)*parser->at++;
    }
    parser->at++;
}

static bool at_fill(struct parser *parser)
{
    return parse_peek(parser) == 'f' && strncmp(parser->at, "fill", 4) == 0 && !is_letter(parser->at[4]) &&
           !is_digit(parser->at[4]);
}

static void data_piece(struct parser *parser, struct piece *piece)
{
    if (parse_peek(parser) == '"') {
        string(parser, piece);
        piece->has_count = parse_accept(parser, '*');
        if (piece->has_count) build(parser, &piece->count, unary);
        return;
    }
    if (!at_fill(parser)) parse_unexpected(parser, "more data, a string or fill(byte, count),");
    parser->at += 4;
    parse_expect(parser, '(', "after fill");
    build(parser, &piece->byte, alternatives);
    parse_expect(parser, ',', "between the byte and the count of fill");
    build(parser, &piece->count, alternatives);
    parse_expect(parser, ')', "after fill(byte, count");
}

static void data(struct parser *parser, struct arg *arg)
{
    int room = 0;
    do {
        if (arg->nr_pieces == room) {
            struct piece *old = arg->pieces;
            room = room ? room * 2 : 2;
            arg->pieces = parse_take(parser->scenario, (size_t)room * sizeof *old);
            if (old) memcpy(arg->pieces, old, (size_t)arg->nr_pieces * sizeof *old);
        }
        data_piece(parser, &arg->pieces[arg->nr_pieces++]);
    } while (parse_accept(parser, '+'));
}

void parse_arg(struct parser *parser, struct arg *arg)
{
    if (parse_peek(parser) == '"' || at_fill(parser)) data(parser, arg);
    else build(parser, &arg->expr, alternatives);
}
