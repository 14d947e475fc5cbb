using System.Globalization;
using System.Text.Json;
using Minka.Models;

namespace Minka.Cli.Answers;

/// <summary>An answer and what it took.</summary>
internal sealed record AnswerReport
{
    public required string Model { get; init; }
    public required string Text { get; init; }

    /// <summary>stop, length or interrupted.</summary>
    public required string Finish { get; init; }
    public required ulong Seed { get; init; }
    public required int PromptTokens { get; init; }

    /// <summary>Of <see cref="PromptTokens"/>, those whose keys and values were still there.</summary>
    public required int CachedTokens { get; init; }
    public required int AnswerTokens { get; init; }

    /// <summary>Tokens that were guessed.</summary>
    public long DraftedTokens { get; init; }

    /// <summary>Of <see cref="DraftedTokens"/>, those that were right.</summary>
    public long AcceptedTokens { get; init; }

    /// <summary>From the question to the first token.</summary>
    public required TimeSpan TimeToFirstToken { get; init; }

    /// <summary>From the first token to the last.</summary>
    public required TimeSpan DecodeTime { get; init; }
    public required TimeSpan LoadTime { get; init; }
    public required ModelMemory Memory { get; init; }

    /// <summary>The cache's memory as a product.</summary>
    public required string KvCache { get; init; }

    /// <summary>Memory of the whole process, from the system.</summary>
    public required long ProcessBytes { get; init; }

    /// <summary>Prompt tokens computed per second.</summary>
    public double PrefillRate => PerSecond(PromptTokens - CachedTokens, TimeToFirstToken);

    /// <summary>Tokens per second after the first.</summary>
    public double DecodeRate => PerSecond(AnswerTokens - 1, DecodeTime);

    /// <summary>From the question to the last token: RCT.</summary>
    public TimeSpan CompletionTime => TimeToFirstToken + DecodeTime;

    /// <summary>Milliseconds for each token after the first; 0 if there is one.</summary>
    public double Tpot => AnswerTokens > 1 ? DecodeTime.TotalMilliseconds / (AnswerTokens - 1) : 0;

    /// <summary>Tokens per second of <see cref="CompletionTime"/>, the prompt included.</summary>
    public double Rate => PerSecond(AnswerTokens, CompletionTime);

    /// <summary>Weight bytes read per second while decoding: decoding is bound by memory.</summary>
    public double DecodeBytesPerSecond => DecodeRate * Memory.DecodeBytes;

    /// <summary>Four lines for a person.</summary>
    public string ForPeople() => string.Create(CultureInfo.InvariantCulture,
        $"prompt  {PromptTokens} tokens, {CachedTokens} of them cached; {PrefillRate:F0} tok/s; "
        + $"first token after {Ms(TimeToFirstToken)} ms\n"
        + $"answer  {AnswerTokens} tokens; {DecodeRate:F0} tok/s, {DecodeBytesPerSecond / 1e9:F1} GB/s; "
        + $"ended by {Finish}; seed {Seed}\n"
        + $"{Guesses}memory  {MiB(ProcessBytes)} MiB; "
        + $"weights {MiB(Memory.WeightBytes)}, KV cache {MiB(Memory.KvBytes)}; "
        + $"loaded in {Ms(LoadTime)} ms\n"
        + $"cache   {KvCache}");

    /// <summary>One object for a program.</summary>
    /// <param name="more">Writes further members.</param>
    public string ForPrograms(Action<Utf8JsonWriter>? more = null) => Json.WriteObject(json =>
    {
        json.WriteString("model", Model);
        json.WriteString("text", Text);
        json.WriteString("finish_reason", Finish);
        json.WriteNumber("seed", Seed);
        json.WriteNumber("prompt_tokens", PromptTokens);
        json.WriteNumber("cached_tokens", CachedTokens);
        json.WriteNumber("completion_tokens", AnswerTokens);
        json.WriteNumber("drafted_tokens", DraftedTokens);
        json.WriteNumber("accepted_tokens", AcceptedTokens);
        json.WriteNumber("load_ms", Math.Round(LoadTime.TotalMilliseconds, 3));
        json.WriteNumber("ttft_ms", Math.Round(TimeToFirstToken.TotalMilliseconds, 3));
        json.WriteNumber("tpot_ms", Math.Round(Tpot, 3));
        json.WriteNumber("rct_ms", Math.Round(CompletionTime.TotalMilliseconds, 3));
        json.WriteNumber("prefill_tokens_per_second", Math.Round(PrefillRate, 2));
        json.WriteNumber("decode_tokens_per_second", Math.Round(DecodeRate, 2));
        json.WriteNumber("decode_gb_per_second", Math.Round(DecodeBytesPerSecond / 1e9, 3));
        json.WriteNumber("weight_bytes", Memory.WeightBytes);
        json.WriteNumber("kv_bytes", Memory.KvBytes);
        json.WriteNumber("process_bytes", ProcessBytes);
        more?.Invoke(json);
    });

    private string Guesses => DraftedTokens == 0 ? "" : string.Create(CultureInfo.InvariantCulture,
        $"guesses {DraftedTokens} tokens, {AcceptedTokens} of them right "
        + $"({100.0 * AcceptedTokens / DraftedTokens:F0} %)\n");

    private static double PerSecond(int tokens, TimeSpan time) =>
        tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : 0;

    private static string Ms(TimeSpan time) => time.TotalMilliseconds.ToString("F0", CultureInfo.InvariantCulture);

    private static string MiB(long bytes) => (bytes / 1048576.0).ToString("F1", CultureInfo.InvariantCulture);
}
