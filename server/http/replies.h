// Replies: answers as HTTP responses. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "base/status.h"
#include "net/http.h"
#include "server/http/negotiation.h"
#include "server/response.h"

namespace heirloom::server {

// How a document is written.
struct Writing {
  Encoding encoding = Encoding::Json;
  bool pretty = false;  // ?pretty=true: indented, for people
};

net::HttpResponse text_reply(int code, std::string body);
net::HttpResponse document_reply(int code, const Json& document, Writing writing);
net::HttpResponse status_reply(const Status& status, Writing writing);
// Of a response without a stream.
net::HttpResponse response_reply(const Response& response, Writing writing);

// One line of a watch.
std::string watch_line(const StreamEvent& event);

}  // namespace heirloom::server
