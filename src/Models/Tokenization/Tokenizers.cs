using Minka.Models.Loading.Dllama;
using Minka.Models.Loading.Gguf;
using Minka.Models.Tokenization.Files;

namespace Minka.Models.Tokenization;

/// <summary>Makes tokenizers from the files they come in.</summary>
public static class Tokenizers
{
    /// <summary>Reads Hugging Face's <c>tokenizer.json</c>.</summary>
    /// <param name="json">The file, UTF-8.</param>
    /// <param name="configJson">
    /// <c>tokenizer_config.json</c>: names BOS and EOS and may say whether BOS is added. Empty when there is none.
    /// </param>
    /// <exception cref="ModelFormatException">It is malformed or needs what is not built.</exception>
    public static Tokenizer FromTokenizerJson(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> configJson = default) =>
        new(TokenizerJson.Read(json, configJson));

    /// <summary>Reads the vocabulary inside a GGUF file; text is split and merged as llama.cpp does.</summary>
    /// <exception cref="ModelFormatException">There is none, or it needs what is not built.</exception>
    public static Tokenizer FromGguf(GgufMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return new(GgufTokenizer.Read(metadata));
    }

    /// <summary>Uses a distributed-llama tokenizer.</summary>
    /// <param name="file">The file; it names no splitting rule, so one is chosen by its special tokens.</param>
    /// <param name="mergesAcrossWords">Split nothing, and so give the ids that dllama gives.</param>
    /// <exception cref="ModelFormatException">It contradicts itself.</exception>
    public static Tokenizer FromDllama(DllamaTokenizerFile file, bool mergesAcrossWords = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new(DllamaTokenizer.Read(file, mergesAcrossWords));
    }

    /// <summary>Reads llama2.c's <c>tokenizer.bin</c>, as it comes with the story models.</summary>
    /// <exception cref="ModelFormatException">It is cut short or has no text pieces.</exception>
    public static Tokenizer FromLlama2C(ReadOnlyMemory<byte> file) => new(DllamaTokenizer.ReadLlama2C(file));
}
