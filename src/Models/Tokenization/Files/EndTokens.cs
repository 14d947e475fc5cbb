namespace Minka.Models.Tokenization.Files;

/// <summary>Tokens known by their text: files often name one end of generation where the model uses several.</summary>
internal static class EndTokens
{
    private static readonly HashSet<string> Ends = new(StringComparer.Ordinal)
    {
        "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|im_end|>", "<|end|>", "<|endoftext|>", "<|return|>",
        "<|call|>", "<|calls|>", "<|flush|>", "<end_of_turn>", "<eos>", "</s>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]",
        "<end_of_utterance>", "<turn|>", "<|tool_response>", "<｜end▁of▁sentence｜>",
        "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]",
        "<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>", "<|file_sep|>",
    };

    private static readonly HashSet<string> InfillMarks = new(StringComparer.Ordinal)
    {
        "<|fim_prefix|>", "<fim-prefix>", "<fim_prefix>", "<｜fim▁begin｜>", "<PRE>", "▁<PRE>",
        "<|fim_suffix|>", "<fim-suffix>", "<fim_suffix>", "<｜fim▁hole｜>", "<SUF>", "▁<SUF>",
        "<|fim_middle|>", "<fim-middle>", "<fim_middle>", "<｜fim▁end｜>", "<MID>", "▁<MID>",
    };

    /// <summary>Whether a token of this text steers the model even where its file says it is ordinary.</summary>
    public static bool IsControl(string text) => (Ends.Contains(text) && text != "</s>") || InfillMarks.Contains(text);

    /// <summary>Picks the tokens that end a generation.</summary>
    /// <param name="tokens">Special and user-defined tokens.</param>
    public static IEnumerable<int> Pick(IReadOnlyCollection<(int Id, string Text)> tokens)
    {
        var names = tokens.Select(token => token.Text).ToHashSet(StringComparer.Ordinal);

        // In the Harmony format <|end|> ends a message, and <|return|> or <|call|> the turn.
        var isHarmony = names.Contains("<|end|>") && (names.Contains("<|call|>") || names.Contains("<|calls|>"))
            && (names.Contains("<|return|>") || names.Contains("<|flush|>"));
        var isGemma4 = names.Contains("<|tool_response>");
        return tokens
            .Where(token => Ends.Contains(token.Text))
            .Where(token => !(isHarmony && token.Text == "<|end|>") && !(isGemma4 && token.Text == "</s>"))
            .Select(token => token.Id);
    }
}
