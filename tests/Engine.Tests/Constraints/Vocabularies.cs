using System.Text;
using Minka.Engine.Constraints;

namespace Minka.Engine.Tests.Constraints;

/// <summary>A small vocabulary: an end of text without bytes, every byte, and pieces as a tokenizer would learn
/// them.</summary>
internal static class Vocabularies
{
    private static readonly string[] Pieces =
    [
        "{\"", "\":", "\": ", "\",", "\", \"", "\"}", "},", "]}", "[{", "{}", "[]", "\n  ", ", ", "true", "false",
        "null",
        "name", "\"name\"", "age", "ab", "abc", "12", "2024-", "-0", ".5", "e1", "\\n", "\\u00", "\\\"", "é", "日本",
        "😀",
        " the", "The", "\"\"", "00", "  ", "a\",\"b", "1,", ": ",
    ];

    public const int Eos = 0;

    public static TokenVocabulary Small { get; } = new(1 + 256 + Pieces.Length, BytesOf);

    /// <summary>The text of ids.</summary>
    public static string TextOf(IEnumerable<int> ids) =>
        new UTF8Encoding(false, true).GetString([.. ids.SelectMany(id => Small.BytesOf(id).ToArray())]);

    private static ReadOnlyMemory<byte> BytesOf(int id) => id switch
    {
        Eos => ReadOnlyMemory<byte>.Empty,
        <= 256 => new byte[] { (byte)(id - 1) },
        _ => Encoding.UTF8.GetBytes(Pieces[id - 257]),
    };
}
