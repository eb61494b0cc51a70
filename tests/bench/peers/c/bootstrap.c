// The floor: what the Runtime API itself costs. It allows everything, without looking.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static char buffer[65536];

// Sends a request, and returns the head of the response; its body is read as well.
static char *call(int fd, const char *request, size_t length) {
    if (write(fd, request, length) != (ssize_t)length) exit(1);
    size_t have = 0;
    char *end = NULL;
    while (!end) {
        ssize_t got = read(fd, buffer + have, sizeof buffer - 1 - have);
        if (got <= 0) exit(0);
        have += got;
        buffer[have] = 0;
        end = strstr(buffer, "\r\n\r\n");
    }
    char *field = strcasestr(buffer, "content-length:");
    size_t all = end + 4 - buffer + (field ? strtoul(field + 15, NULL, 10) : 0);
    while (have < all && have < sizeof buffer - 1) {
        ssize_t got = read(fd, buffer + have, sizeof buffer - 1 - have);
        if (got <= 0) exit(0);
        have += got;
    }
    return buffer;
}

int main(void) {
    char host[64], request[1024];
    snprintf(host, sizeof host, "%s", getenv("AWS_LAMBDA_RUNTIME_API"));
    char *colon = strchr(host, ':');
    if (!colon) return 1;
    *colon = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(colon + 1))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) return 1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) return 1;
    const char next[] = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
    const char body[] = "{\"isAuthorized\":true}";
    for (;;) {
        char *head = call(fd, next, sizeof next - 1), id[64] = "";
        char *field = strcasestr(head, "lambda-runtime-aws-request-id:");
        if (!field || sscanf(field + 30, " %63[^\r]", id) != 1) return 1;
        int length = snprintf(request, sizeof request,
            "POST /2018-06-01/runtime/invocation/%s/response HTTP/1.1\r\nHost: x\r\n"
            "Content-Length: %zu\r\n\r\n%s", id, sizeof body - 1, body);
        call(fd, request, length);
    }
}
