using System.Text;
using System.Text.Json;

namespace Minka.Cli.Tests.Machines;

/// <summary>A stream of several choices as its reader saw it.</summary>
/// <param name="Texts">Of each choice, what its events say one after the other.</param>
/// <param name="Tokens">Of each choice, how many tokens came with log-probabilities.</param>
/// <param name="Finishes">Of each choice, why it ended.</param>
/// <param name="Letters">Of the whole stream.</param>
internal sealed record StreamedChoices(
    IReadOnlyList<string> Texts, IReadOnlyList<int> Tokens, IReadOnlyList<string> Finishes, int Letters)
{
    /// <summary>Reads a whole answer.</summary>
    public static async Task<StreamedChoices> ReadAsync(
        HttpResponseMessage answer, string first, CancellationToken cancellation)
    {
        using var _ = answer;
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellation));
        return await ReadAsync(reader, first, cancellation);
    }

    /// <summary>Reads what is left of one.</summary>
    /// <param name="reader">The stream.</param>
    /// <param name="first">What was read of it before.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<StreamedChoices> ReadAsync(
        StreamReader reader, string first, CancellationToken cancellation)
    {
        var choices = new SortedDictionary<int, (StringBuilder Text, int Tokens, string Finish)>();
        var (letters, line) = (0, (string?)first);
        for (; line is not null; line = await reader.ReadLineAsync(cancellation))
        {
            letters += line.Length + 1;
            if (!line.StartsWith("data: {", StringComparison.Ordinal)) continue;
            using var data = JsonDocument.Parse(line.AsMemory(6));
            foreach (var choice in data.RootElement.GetProperty("choices").EnumerateArray())
            {
                var index = choice.GetProperty("index").GetInt32();
                var (text, tokens, finish) = choices.GetValueOrDefault(index, (new(), 0, ""));
                if (choice.GetProperty("delta").TryGetProperty("content", out var said)) text.Append(said.GetString());
                if (choice.TryGetProperty("logprobs", out var logprobs) && logprobs.ValueKind == JsonValueKind.Object)
                    tokens += logprobs.GetProperty("content").GetArrayLength();
                finish += choice.GetProperty("finish_reason").GetString();
                choices[index] = (text, tokens, finish);
            }
        }
        return new([.. choices.Values.Select(choice => choice.Text.ToString())],
            [.. choices.Values.Select(choice => choice.Tokens)], [.. choices.Values.Select(choice => choice.Finish)],
            letters);
    }
}
