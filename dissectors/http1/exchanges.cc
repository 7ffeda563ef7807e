// http1/exchanges.cc - pairing, and writing the records.
#include "http1/exchanges.h"

#include <algorithm>

#include "base/work.h"
#include "common/http_record.h"
#include "common/http_text.h"

namespace wirelens::http1 {
namespace {

/// A pipelined connection that nobody has answered on for this long has nothing outstanding.
constexpr Duration kSettled = std::chrono::seconds(1);

/// What a request target says about where it goes (RFC 9112 section 3.2).
struct Place {
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> host;
  std::string_view path;
};

Place place_of(const Head& head, std::string_view target) {
  Place place{std::nullopt, head.host, target};
  if (place.host && place.host->empty()) place.host.reset();
  if (head.method == "CONNECT" && !target.starts_with('/')) {
    if (!place.host) place.host = target;
    return place;
  }
  const std::size_t colon = target.substr(0, 32).find("://");
  if (colon == std::string_view::npos || !http::is_token(target.substr(0, colon))) return place;
  place.scheme = target.substr(0, colon);
  const std::string_view rest = target.substr(colon + 3);
  std::string_view authority = rest.substr(0, http::find_any<'/', '?', '#'>(rest));
  place.path = rest.substr(authority.size());
  if (place.path.empty()) place.path = "/";
  authority.remove_prefix(authority.find_last_of('@') + 1);
  if (!authority.empty()) place.host = authority;
  return place;
}

}  // namespace

Exchanges::Exchanges(Context& context, Conversation& conversation)
    : context_(context),
      conversation_(conversation),
      pending_(&context.memory()),
      in_step_(!context.midstream()) {}

Pending& Exchanges::append() {
  Pending& pending = pending_.emplace_back(context_.memory());
  pending.self = std::prev(pending_.end());
  pending.number = count_++;
  return pending;
}

Pending* Exchanges::next_asked() {
  if (early_ == 0) return nullptr;
  const auto found = std::find_if(pending_.begin(), pending_.end(), waits_for_request);
  return found == pending_.end() ? nullptr : &*found;
}

Pending* Exchanges::next_answered() {
  if (unanswered_ == 0) return nullptr;
  const auto found = std::find_if(pending_.begin(), pending_.end(), waits_for_response);
  return found == pending_.end() ? nullptr : &*found;
}

Pending* Exchanges::next_but_one() {
  if (unanswered_ < 2) return nullptr;
  const auto found =
      std::find_if(std::next(next_answered()->self), pending_.end(), waits_for_response);
  return found == pending_.end() ? nullptr : &*found;
}

Pending* Exchanges::choose_response(const Stamp& request) {
  while (Pending* early = next_asked()) {
    if (in_step_ || early_paired_ || early->response.first.packet > request.packet) return early;
    close(*early);
  }
  return nullptr;
}

void Exchanges::note_pipelining(const Stamp& first) {
  if (unanswered_ == 0 || pending_.empty()) return;
  const Message& before = pending_.back().request;
  if (!before.ended) return;
  // Less than a round trip does not bring an answer.
  const Duration least = context_.handshake().value_or(Duration{}) / 2;
  if (before.last.packet == first.packet || first.time - before.last.time < least) {
    pipelined_ = true;
  }
}

Pending& Exchanges::ask(const Stamp& first) {
  Pending* pending = choose_response(first);
  if (pending) {
    --early_;
    early_paired_ = early_paired_ || pending->response.first.packet < first.packet;
  } else {
    note_pipelining(first);
    pending = &append();
    pending->behind_hole = requests_lost_;
    pending->closed = no_more_responses_;
    if (!pending->closed) ++unanswered_;
  }
  requests_lost_ = false;
  pending->request.seen = true;
  pending->request.first = first;
  return *pending;
}

void Exchanges::asked(Pending& pending) {
  const Head& head = pending.request.head.head();
  const Place place = place_of(head, pending.request.head.target());
  if (place.host) context_.name_server(http::without_port(*place.host));
  RequestSeen seen;
  seen.version = head.version;
  seen.method = head.method;
  seen.host = place.host;
  seen.path = place.path;
  seen.packet = pending.request.first.packet;
  context_.emit(pending.request.first.time, seen);

  pending.bytes = pending.request.head.bytes();
  bytes_ += pending.bytes;
  while (pending_.size() > kMaxPending || bytes_ > kMaxPendingBytes ||
         context_.ledger().pressed()) {
    if (!drop_oldest()) break;
  }
}

bool Exchanges::drop_oldest() {
  const auto found = std::find_if(pending_.begin(), pending_.end(), [](const Pending& each) {
    return waits_for_response(each) && each.request.ended;
  });
  if (found == pending_.end()) return false;
  in_doubt_ = pipelined_ = true;  // its response may still come
  close(*found);
  return true;
}

void Exchanges::close(Pending& pending) {
  if (waits_for_response(pending)) --unanswered_;
  if (waits_for_request(pending)) --early_;
  pending.closed = true;
  write_if_done(pending);
}

void Exchanges::close_unanswered() {
  for (auto at = pending_.begin(); at != pending_.end() && unanswered_ > 0;) {
    Pending& each = *at++;
    if (waits_for_response(each)) close(each);
  }
}

void Exchanges::close_early() {
  while (Pending* early = next_asked()) close(*early);
}

Pending* Exchanges::choose_request(const Stamp& response) {
  while (Pending* oldest = next_answered()) {
    Pending* const newer = next_but_one();
    const bool several = newer && newer->request.first.packet < response.packet;
    if (in_step_ || early_paired_) {
      pipelined_ = pipelined_ || several;
      return oldest;
    }
    if (oldest->request.first.packet > response.packet) return nullptr;
    if (in_doubt_) {
      in_doubt_ = !answered_before_ || oldest->request.first.time - last_answer_ < kSettled;
    } else if (pipelined_) {
      in_doubt_ = oldest->behind_hole || (several && oldest->number < suspect_below_);
    }
    const bool answered_unseen = several && oldest->number < suspect_below_;
    if (!in_doubt_ && !answered_unseen) {
      pipelined_ = pipelined_ || several;
      return oldest;
    }
    close(*oldest);
  }
  return nullptr;
}

Pending& Exchanges::answer(const Stamp& first) {
  Pending* pending = choose_request(first);
  if (pending) {
    --unanswered_;
  } else {
    bool may_wait = (in_step_ || early_paired_) && !no_more_requests_;
    if (may_wait && early_ == kMaxEarly) {
      in_step_ = early_paired_ = may_wait = false;
      close_early();
    }
    pending = &append();
    pending->closed = !may_wait;
    if (may_wait) ++early_;
  }
  pending->response.seen = true;
  pending->response.first = first;
  pending->free_at = last_answer_;
  pending->queued = answered_before_;
  return *pending;
}

void Exchanges::ended(Pending& pending, Message& message, const Stamp& last, bool complete) {
  message.ended = true;
  message.complete = complete && message.content.missing_bytes == 0;
  message.last = last;
  if (&message == &pending.response) {
    last_answer_ = last.time;
    answered_before_ = true;
  }
  if (!context_.settings().show_secrets) {
    http::redact_preview(message.content, message.head.head().content_type, message.head.texts());
  }
  const std::size_t preview = message.content.preview.size();
  pending.bytes += preview;
  bytes_ += preview;
  write_if_done(pending);
}

void Exchanges::write_if_done(Pending& pending) {
  const auto done = [](const Message& message) { return !message.seen || message.ended; };
  if (!done(pending.request) || !done(pending.response)) return;
  if (waits_for_response(pending) || waits_for_request(pending)) return;
  write(pending);
  bytes_ -= pending.bytes;
  pending_.erase(pending.self);
}

void Exchanges::lost(Kind kind) {
  in_step_ = false;
  if (kind == Kind::request) {
    requests_lost_ = true;
  } else {
    suspect_below_ = count_;
  }
}

void Exchanges::no_more(Kind kind) {
  if (kind == Kind::request) {
    no_more_requests_ = true;
    close_early();
  } else {
    no_more_responses_ = true;
    close_unanswered();
  }
}

void Exchanges::finish() {
  while (!pending_.empty()) {
    write(pending_.front());
    pending_.pop_front();
  }
}

void Exchanges::write(const Pending& pending) {
  const Exchange record = record_of(pending);
  if (pending.leads_on) conversation_.belongs_to(record);
  const Stamp& first = pending.request.seen ? pending.request.first : pending.response.first;
  context_.emit(first.time, record);
}

Exchange Exchanges::record_of(const Pending& pending) const {
  const Message& request = pending.request;
  const Message& response = pending.response;
  Exchange record;
  if (request.seen) {
    const Head& head = request.head.head();
    const Place place = place_of(head, request.head.target());
    record.version = head.version;
    record.method = http::text(head.method);
    record.scheme = place.scheme;
    record.host = place.host;
    record.path = http::text(place.path);
    record.request_headers = request.head.fields();
    record.request_packet = request.first.packet;
    http::describe_request_content(request.content, record);
    if (request.ended) record.timing.send = http::span(request.first.time, request.last.time);
  }
  if (!record.scheme) record.scheme = context_.secure() ? "https" : "http";
  if (response.seen) {
    record.response_packet = response.first.packet;
    if (response.ended) record.timing.receive = http::span(response.first.time, response.last.time);
    http::describe_response_content(response.content, record);
  }
  if (response.head.kept()) {
    const Head& head = response.head.head();
    if (!record.version) record.version = head.version;
    if (head.status != 0) record.status = head.status;
    record.reason = http::text(head.reason);
    record.response_headers = response.head.fields();
    record.content_type = head.content_type;
    record.content_encoding = head.content_encoding;
  }
  if (request.ended && response.seen) {
    Timestamp begin = request.last.time;
    if (pending.queued && pending.free_at > begin) {
      record.timing.blocked = pending.free_at - begin;
      begin = pending.free_at;
    }
    record.timing.wait = http::span(begin, response.first.time);
  }
  record.reused = pending.number > 0 || conversation_.handed_on();
  if (!record.reused) http::describe_opening(context_, record);
  record.complete = request.complete && response.complete;
  return record;
}

}  // namespace wirelens::http1
