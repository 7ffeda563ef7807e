// common/http_record.h - what the `http` records of all HTTP versions have in common.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "common/http_body.h"
#include "common/redaction.h"
#include "dissect/conversation.h"
#include "event/exchange.h"

namespace wirelens::http {

/// The time between the two; nothing if they were captured out of order.
std::optional<Duration> span(Timestamp from, Timestamp to);
/// Nothing if it is empty: a record says nothing of what is not there.
std::optional<std::string_view> text(std::string_view value);
/// "shop.test:8080" is the server "shop.test".
std::string_view without_port(std::string_view host);

/// Sizes and preview. Borrows from `content`.
void describe_request_content(const Content& content, Exchange& record);
void describe_response_content(const Content& content, Exchange& record);
/// What it took to open the connection: on its first exchange only.
void describe_opening(const Context& context, Exchange& record);

/// Takes the secrets out of the preview of a content of this type.
void redact_preview(Content& content, std::optional<std::string_view> type, RedactedTexts& texts);

/// Who reads a content, or nullptr: some media types are protocols (`response_type`; absent for a
/// request's content), and some protocols know their exchanges by the request's target.
const Protocol* reader_of(const Conversation& outer, std::optional<std::string_view> response_type,
                          std::string_view target);
/// A conversation in that protocol for a content of `exchange`.
std::unique_ptr<Conversation> open_reader(Context& context, const Conversation& outer,
                                          const Protocol& protocol, const Exchange& exchange);

}  // namespace wirelens::http
