// common/http_body.h - the content of an HTTP message on its way: counted, and decoded if somebody
// wants it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/content.h"
#include "dissect/conversation.h"
#include "dissect/dissector.h"

namespace wirelens::http {

/// What is known of a content when it has ended.
struct Content {
  explicit Content(std::pmr::memory_resource& memory) : preview(&memory) {}

  bool present = false;                ///< framing says that there is some, maybe of 0 bytes
  std::uint64_t wire_bytes = 0;        ///< without chunk framing; without holes
  std::uint64_t missing_bytes = 0;     ///< lost in holes
  std::optional<std::uint64_t> bytes;  ///< decoded; absent if coded and nobody decoded it
  std::pmr::string preview;            ///< first DissectSettings::bodies bytes, decoded
};

/// What a head says about the form of its content.
struct ContentForm {
  std::string_view codings;     ///< Content-Encoding
  bool transfer_coded = false;  ///< coded once more for the transfer, and nobody undoes that
};

/// Takes one content after another of one direction. Decodes it if its beginning is kept or
/// somebody reads it.
class Body final : public ContentSink {
 public:
  explicit Body(Direction from) : from_(from) {}

  /// Begins the content that `content` will tell of. `strikes` counts the connection's bombs and
  /// broken contents. Both and the context are borrowed until end(). `reader`, if any, gets what is
  /// decoded, however much that is.
  void begin(Context& context, const ContentForm& form, Content& content, unsigned& strikes,
             std::unique_ptr<Conversation> reader);
  /// Ends it; `whole` if it was seen to its end.
  void end(bool whole);
  bool begun() const { return into_ != nullptr; }
  /// Bytes of the content so far, as sent, those that are missing included. Only while begun().
  std::uint64_t taken() const { return into_->wire_bytes + into_->missing_bytes; }

  void content(Bytes bytes, const Stamp& stamp) override;
  void missing(std::uint64_t count, const Stamp& stamp) override;

 private:
  struct Decoded final : ContentSink {
    explicit Decoded(Body& owner) : body(owner) {}
    void content(Bytes bytes, const Stamp& stamp) override { body.take(bytes, stamp); }
    void missing(std::uint64_t, const Stamp&) override {}
    Body& body;
  };
  void take(Bytes bytes, const Stamp& stamp);
  void judge(content::Decoder::State state);

  Direction from_;
  Context* context_ = nullptr;
  Content* into_ = nullptr;
  unsigned* strikes_ = nullptr;
  bool coded_ = false;  // what is sent is not what is meant
  std::unique_ptr<content::Decoder> decoder_;
  std::unique_ptr<Conversation> reader_;
  std::size_t keeps_ = 0;  // bytes of the preview
};

}  // namespace wirelens::http
