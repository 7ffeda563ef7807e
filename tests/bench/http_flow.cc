// bench/http_flow.cc - writes requests and responses, and tells the truth about them.
#include "bench/http_flow.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "bench/material.h"

namespace wirelens::bench {
namespace {

constexpr std::size_t kShortestHead = 250;
constexpr std::size_t kLongestHead = 900;
constexpr std::uint64_t kLargestPipeline = 6;

View view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hexadecimal(std::uint64_t value) {
  std::string out;
  do {
    out.insert(out.begin(), "0123456789abcdef"[value % 16]);
    value /= 16;
  } while (value != 0);
  return out;
}

unsigned choose_status(Draws& draws, std::string_view method, bool healthy) {
  constexpr std::array<unsigned, 8> kOthers = {204, 301, 302, 400, 403, 404, 500, 503};
  constexpr std::size_t kServerErrors = 2;
  const std::uint64_t roll = draws.below(100);
  if (roll < 80) return 200;
  if (roll < 90 && method != "POST") return 304;
  return kOthers[draws.below(kOthers.size() - (healthy ? kServerErrors : 0))];
}

std::string_view reason_of(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 500:
      return "Internal Server Error";
    default:
      return "Service Unavailable";
  }
}

}  // namespace

HttpFlow::HttpFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start,
                   const HttpPlan& plan)
    : TcpFlow(ends, world, draws, start),
      plan_(plan),
      host_("host-" + std::to_string(this->draws().below(2000)) + ".bench.test") {}

bool HttpFlow::compose() {
  if (!opened_) {
    opened_ = true;
    // A connection that the capture meets between two exchanges: its handshake is not seen.
    if (draws().chance(world().impairments.midstream)) {
      open_midstream();
    } else {
      open();
    }
    return true;
  }
  if (done_ > plan_.exchanges) return false;
  if (done_ == plan_.exchanges || said_ >= plan_.bytes) {
    done_ = plan_.exchanges + 1;
    const std::uint64_t roll = draws().below(100);
    if (roll < 85 || plan_.healthy) {
      close(roll < 50 ? From::server : From::client);
    } else if (roll < 95) {
      reset(From::client);
    } else {
      return false;  // left open
    }
    return true;
  }
  converse();
  wait(static_cast<std::int64_t>(draws().below(2 * static_cast<std::uint64_t>(plan_.pause) + 1)));
  return true;
}

void HttpFlow::converse() {
  std::array<Request, kLargestPipeline> requests;
  std::uint64_t count = 1;
  if (plan_.pipelined)
    count = std::min(plan_.exchanges - done_, draws().between(2, kLargestPipeline));
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) {
    requests[i] = choose_request();
    text += request_text(requests[i]);
  }
  send_text(From::client, text);
  wait(static_cast<std::int64_t>(draws().between(300'000, 20'000'000)));
  for (std::uint64_t i = 0; i < count; ++i) respond(requests[i]);
}

HttpFlow::Request HttpFlow::choose_request() {
  Request request;
  const std::uint64_t roll = draws().below(100);
  request.method = roll < 85 ? "GET" : roll < 95 ? "POST" : "HEAD";
  const std::uint64_t section = draws().below(40);
  request.path = "/section-" + std::to_string(section) + "/";
  request.path += hexadecimal(draws().next() >> draws().below(48));
  if (draws().chance(300'000)) request.path += "?page=" + std::to_string(draws().below(100));
  request.expects_continue =
      request.method == "POST" && !plan_.pipelined && draws().chance(200'000);
  return request;
}

// Fields until the head is `at_least` bytes long, and the empty line.
std::string HttpFlow::head(std::string start, std::size_t at_least) {
  constexpr std::array<std::string_view, 12> kFields = {
      "Accept-Language: en-GB,en;q=0.8\r\n",
      "Cache-Control: max-age=0\r\n",
      "X-Request-Id: 7f3c0f5e-51c4-4d4b-9a51-2c9a5a1e4f10\r\n",
      "Date: Fri, 20 Nov 2026 21:00:44 GMT\r\n",
      "Via: 1.1 edge.bench.test\r\n",
      "Vary: Accept-Encoding, Origin\r\n",
      "ETag: \"5f1c-62b5c1d0a9f40\"\r\n",
      "Pragma: no-cache\r\n",
      "X-Trace: a4f0c2d1b3e59687\r\n",
      "Strict-Transport-Security: max-age=63072000; includeSubDomains\r\n",
      "Referrer-Policy: strict-origin-when-cross-origin\r\n",
      "X-Cache: MISS\r\n"};
  for (std::uint64_t i = draws().below(kFields.size()); start.size() + 2 < at_least; ++i) {
    const std::string_view field = kFields[i % kFields.size()];
    if (start.size() + field.size() > kLongestHead) break;
    start += field;
  }
  return start + "\r\n";
}

std::string HttpFlow::request_text(const Request& request) {
  std::string text = request.method + " " + request.path + " HTTP/1.1\r\nHost: " + host_ + "\r\n";
  text += "User-Agent: bench/1.0 (X11; Linux x86_64)\r\nAccept: */*\r\n";
  std::uint64_t size = 0;
  if (request.method == "POST") {
    size = draws().below(2048);
    text += "Content-Type: application/json\r\nContent-Length: " + std::to_string(size) + "\r\n";
    if (request.expects_continue) text += "Expect: 100-continue\r\n";
  }
  text = head(std::move(text), draws().between(kShortestHead, kLongestHead));
  if (!request.expects_continue) return text.append(prose(draws(), size));
  send_text(From::client, text);
  wait(300'000);
  send_text(From::server, "HTTP/1.1 100 Continue\r\n\r\n");
  return std::string(prose(draws(), size));
}

// Returns where the bytes begin that a parser can pass over unseen.
std::size_t HttpFlow::append_body(std::string& response, std::uint64_t size) {
  if (!draws().chance(300'000)) {
    response += "Content-Length: " + std::to_string(size) + "\r\n";
    response = head(std::move(response), draws().between(kShortestHead, kLongestHead));
    const std::size_t body = response.size();
    response += prose(draws(), size);
    return body;
  }
  response += "Transfer-Encoding: chunked\r\n";
  response = head(std::move(response), draws().between(kShortestHead, kLongestHead));
  while (size > 0) {
    const std::uint64_t chunk = std::min(size, draws().between(1, 8192));
    response += hexadecimal(chunk) + (draws().chance(50'000) ? ";part=1\r\n" : "\r\n");
    response.append(prose(draws(), chunk)).append("\r\n");
    size -= chunk;
  }
  response += draws().chance(100'000) ? "0\r\nX-Checksum: 1b2f\r\n\r\n" : "0\r\n\r\n";
  return SIZE_MAX;
}

void HttpFlow::respond(const Request& request) {
  const unsigned status = choose_status(draws(), request.method, plan_.healthy);
  world().truth.exchange(done_++, request.method, host_, request.path, status);
  if (draws().chance(20'000)) {
    send_text(From::server, "HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n");
  }
  std::string response = "HTTP/1.1 " + std::to_string(status) + " ";
  response.append(reason_of(status)).append("\r\nServer: bench/1.0\r\n");
  response += draws().chance(500'000) ? "Content-Type: text/html; charset=utf-8\r\n"
                                      : "Content-Type: application/json\r\n";
  const bool empty = draws().chance(30'000);
  const std::uint64_t size = empty ? 0 : draws().pareto(1'500, plan_.largest_body);
  std::size_t droppable = SIZE_MAX;
  if (status == 204 || status == 304) {
    response = head(std::move(response), draws().between(kShortestHead, kLongestHead));
  } else if (request.method == "HEAD") {
    response += "Content-Length: " + std::to_string(size) + "\r\n";
    response = head(std::move(response), draws().between(kShortestHead, kLongestHead));
  } else {
    droppable = append_body(response, size);
  }
  send_text(From::server, response, droppable);
}

void HttpFlow::send_text(From from, const std::string& text, std::size_t droppable) {
  said_ += text.size();
  send(from, view_of(text), droppable);
}

DownloadFlow::DownloadFlow(const Endpoints& ends, const World& world, Draws draws,
                           std::int64_t start, std::uint64_t bytes)
    : TcpFlow(ends, world, draws, start), left_(bytes) {}

bool DownloadFlow::compose() {
  if (!opened_) {
    opened_ = true;
    open();
    const std::string request =
        "GET /large HTTP/1.1\r\nHost: bulk.bench.test\r\nAccept: */*\r\n\r\n";
    send(From::client, view_of(request));
    const std::string response =
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
        std::to_string(left_) + "\r\n\r\n";
    send(From::server, view_of(response));
    world().truth.exchange(0, "GET", "bulk.bench.test", "/large", 200);
    return true;
  }
  if (left_ == 0) return false;
  const std::uint64_t size = std::min<std::uint64_t>(left_, kWindowSegments * segment_size());
  send(From::server, opaque(draws(), size), 0);
  left_ -= size;
  if (left_ == 0) close(From::server);
  return true;
}

}  // namespace wirelens::bench
