// The rows of the codec table, each defined in its own file. Only codec.cc and tests include this.
#pragma once

#include "columnar/codec.h"

namespace trilobite::columnar {

extern const Codec kIntConstantCodec;    // codec_int_constant.cc
extern const Codec kIntFrameCodec;       // codec_int_packed.cc, as the next two
extern const Codec kIntDeltaCodec;
extern const Codec kIntDeltaDeltaCodec;
extern const Codec kIntRunsCodec;        // codec_int_runs.cc
extern const Codec kDoubleConstantCodec; // codec_double.cc, as the next two
extern const Codec kDoublePlainCodec;
extern const Codec kDoubleZstdCodec;
extern const Codec kTextConstantCodec;   // codec_text_constant.cc
extern const Codec kTextPlainCodec;      // codec_text_plain.cc
extern const Codec kTextDictionaryCodec; // codec_text_dictionary.cc
extern const Codec kTextZstdCodec;       // codec_text_zstd.cc
extern const Codec kTextIdsCodec;        // codec_text_ids.cc
extern const Codec kIntBySeriesCodec;    // codec_by_series.cc, as the next two
extern const Codec kDoubleBySeriesCodec;
extern const Codec kTextBySeriesCodec;
extern const Codec kTextTemplatesCodec;  // codec_text_templates.cc

}  // namespace trilobite::columnar
