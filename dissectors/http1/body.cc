// http1/body.cc - counting and decoding content.
#include "http1/body.h"

#include <algorithm>

#include "common/http_text.h"
#include "common/redaction.h"

namespace wirelens::http1 {

void Body::Kept::content(Bytes bytes, const Stamp&) {
  preview->append(as_text(bytes.first(std::min(bytes.size(), most - preview->size()))));
}

void Body::begin(Context& context, const Head& head, Content& content, unsigned& strikes) {
  context_ = &context;
  into_ = &content;
  strikes_ = &strikes;
  content.present = true;
  kept_.preview = &content.preview;
  kept_.most = std::min<std::size_t>(context.settings().bodies, content::kMaxDecoded);
  const auto codings = content::codings_of(head.content_encoding.value_or(std::string_view()));
  coded_ = !codings || codings->count > 0 || head.coding == TransferCoding::coded_chunks;
  const bool wanted = kept_.most > 0;
  if (wanted && codings && head.coding != TransferCoding::coded_chunks &&
      strikes < content::kMaxStrikes) {
    decoder_ = content::Decoder::open(*codings, context.ledger());
  }
}

void Body::content(Bytes bytes, const Stamp& stamp) {
  into_->wire_bytes += bytes.size();
  if (decoder_) {
    judge(decoder_->feed(bytes, stamp, kept_));
  } else if (!coded_ && kept_.most > into_->preview.size()) {
    kept_.content(bytes, stamp);
  }
}

void Body::missing(std::uint64_t count, const Stamp&) {
  into_->missing_bytes += count;
  // Behind a hole a coding makes no sense, and a preview would hide the hole.
  decoder_.reset();
  kept_.most = 0;
}

void Body::judge(content::Decoder::State state) {
  using State = content::Decoder::State;
  if (state == State::going) return;
  if (state != State::too_large) {
    ++*strikes_;
    context_->flaw(state == State::bomb ? content::kBomb : content::kBroken, from_);
  }
  decoder_.reset();
}

void Body::end(bool whole) {
  if (!into_) return;
  if (decoder_ && whole) judge(decoder_->finish());
  if (decoder_) into_->bytes = decoder_->decoded();
  if (!coded_) into_->bytes = into_->wire_bytes;
  decoder_.reset();
  into_ = nullptr;
}

}  // namespace wirelens::http1
