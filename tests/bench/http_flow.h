// bench/http_flow.h - HTTP/1.1 exchanges over one connection (RFC 9110, RFC 9112).
#pragma once

#include <cstdint>
#include <string>

#include "bench/tcp_flow.h"

namespace wirelens::bench {

/// How an HTTP connection behaves.
struct HttpPlan {
  std::uint64_t exchanges = 1;
  std::uint64_t largest_body = 64 * 1024;
  std::uint64_t bytes = UINT64_MAX;  // stop early once this much was said
  bool pipelined = false;            // up to six requests before the first response
  std::int64_t pause = 2'000'000;    // mean nanoseconds between exchanges
  bool healthy = false;              // no server errors, no resets; closed in the end
};

/// Heads of 250 to 900 bytes; 30 % of the bodies chunked; GET, POST (some with 100 Continue) and
/// HEAD; 200, 304, 404 and so on, now and then after 103 Early Hints.
class HttpFlow final : public TcpFlow {
 public:
  HttpFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start,
           const HttpPlan& plan);

 private:
  struct Request {
    std::string method;
    std::string path;
    bool expects_continue = false;
  };

  bool compose() override;
  void converse();
  Request choose_request();
  std::string request_text(const Request& request);
  void respond(const Request& request);
  void send_text(From from, const std::string& text, std::size_t droppable = SIZE_MAX);
  std::string head(std::string start, std::size_t at_least);
  std::size_t append_body(std::string& response, std::uint64_t size);

  HttpPlan plan_;
  std::string host_;
  std::uint64_t done_ = 0;
  std::uint64_t said_ = 0;
  bool opened_ = false;
};

/// One response with Content-Length `bytes`, as a download.
class DownloadFlow final : public TcpFlow {
 public:
  DownloadFlow(const Endpoints& ends, const World& world, Draws draws, std::int64_t start,
               std::uint64_t bytes);

 private:
  bool compose() override;

  std::uint64_t left_;
  bool opened_ = false;
};

}  // namespace wirelens::bench
