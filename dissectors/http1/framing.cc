// http1/framing.cc - the eight rules of RFC 9112 section 6.3, in their order.
#include "http1/framing.h"

namespace wirelens::http1 {
namespace {

/// Rules 5 and 6: what Content-Length says. Only asked when there is one.
Framing by_length(const Head& head) {
  if (!head.length || head.faults.has(Fault::invalid_length) ||
      head.faults.has(Fault::conflicting_lengths)) {
    return {Framing::Body::unknowable};
  }
  return {Framing::Body::length, *head.length};
}

}  // namespace

bool leaves_http(const Head& head, std::string_view method) {
  return head.status == 101 || (method == "CONNECT" && head.status / 100 == 2);
}

Framing framing_of_request(const Head& head) {
  switch (head.coding) {
    case TransferCoding::chunked:
    case TransferCoding::coded_chunks:
      return {Framing::Body::chunked};
    case TransferCoding::other:  // rule 4: no length can be told
      return {Framing::Body::unknowable};
    case TransferCoding::none:
      break;
  }
  return head.has_length ? by_length(head) : Framing{};
}

Framing framing_of_response(const Head& head, std::string_view method) {
  if (method == "HEAD" || head.status / 100 == 1 || head.status == 204 || head.status == 304 ||
      leaves_http(head, method)) {
    return {};
  }
  switch (head.coding) {
    case TransferCoding::chunked:
    case TransferCoding::coded_chunks:
      return {Framing::Body::chunked};
    case TransferCoding::other:
      return {Framing::Body::close};
    case TransferCoding::none:
      break;
  }
  return head.has_length ? by_length(head) : Framing{Framing::Body::close};
}

}  // namespace wirelens::http1
