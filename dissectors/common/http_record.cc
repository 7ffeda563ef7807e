// common/http_record.cc - the shared parts of an `http` record.
#include "common/http_record.h"

#include "common/http_text.h"

namespace wirelens::http {

std::optional<Duration> span(Timestamp from, Timestamp to) {
  if (to < from) return std::nullopt;
  return to - from;
}

std::optional<std::string_view> text(std::string_view value) {
  if (value.empty()) return std::nullopt;
  return value;
}

std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.find_last_of(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) {
    return host;
  }
  return host.substr(0, colon);
}

void describe_request_content(const Content& content, Exchange& record) {
  if (!content.present) return;
  record.request_body_wire_bytes = content.wire_bytes;
  record.request_body_bytes = content.bytes;
  record.request_body = text(content.preview);
}

void describe_response_content(const Content& content, Exchange& record) {
  if (!content.present) return;
  record.response_body_wire_bytes = content.wire_bytes;
  record.response_body_bytes = content.bytes;
  record.response_body = text(content.preview);
}

void describe_opening(const Context& context, Exchange& record) {
  if (context.midstream()) return;
  record.timing.connect = context.handshake();
  record.timing.tls = context.tls_handshake();
  if (record.timing.connect && record.timing.tls) *record.timing.connect += *record.timing.tls;
}

void redact_preview(Content& content, std::optional<std::string_view> type, RedactedTexts& texts) {
  if (content.preview.empty()) return;
  const std::string_view redacted =
      texts.content(type.value_or(std::string_view()), content.preview);
  if (redacted.data() != content.preview.data()) content.preview.assign(redacted);
}

const Protocol* reader_of(const Conversation& outer, std::optional<std::string_view> response_type,
                          std::string_view target) {
  std::string_view type = response_type.value_or(std::string_view());
  type = trimmed(cut(type, ';'));
  const Protocol* protocol = find_reader(outer.protocols(), type);
  return protocol ? protocol : find_claimant(outer.protocols(), target);
}

std::unique_ptr<Conversation> open_reader(Context& context, const Conversation& outer,
                                          const Protocol& protocol, const Exchange& exchange) {
  std::unique_ptr<Conversation> reader(new (context.memory())
                                           Conversation(outer.protocols(), context.memory()));
  reader->begin(context, protocol.name, &exchange);
  return reader;
}

}  // namespace wirelens::http
