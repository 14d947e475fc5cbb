using System.Text;
using Minka.Models.Tokenization.Merging;

namespace Minka.Models.Tokenization;

/// <summary>The tokens of a model: what each is called, what bytes it stands for, which are special.</summary>
internal sealed class Vocabulary
{
    /// <summary>Ids above this are refused: tables are as long as the highest id.</summary>
    public const int IdMax = 4_194_303;

    private readonly bool[] _isSpecial;
    private readonly PieceTable _names;

    /// <summary>A vocabulary.</summary>
    /// <param name="texts">Tokens as the file writes them; a gap is empty.</param>
    /// <param name="bytes">What each stands for.</param>
    /// <param name="specialIds">Tokens that steer the model and are no part of what it says.</param>
    public Vocabulary(ByteTexts texts, ByteTexts bytes, IEnumerable<int> specialIds)
    {
        (Texts, Bytes) = (texts, bytes);
        _isSpecial = new bool[texts.Count];
        foreach (var id in specialIds) _isSpecial[id] = true;
        _names = new PieceTable(texts);
        for (var id = 0; id < texts.Count; id++)
        {
            if (texts[id].Length > 0) _names.TryAdd(id);
        }
    }

    /// <summary>Highest id and one.</summary>
    public int Count => Texts.Count;

    /// <summary>Tokens as the file writes them.</summary>
    public ByteTexts Texts { get; }

    /// <summary>The bytes tokens stand for.</summary>
    public ByteTexts Bytes { get; }

    /// <summary>The token as the file writes it; empty for no token.</summary>
    public string TextOf(int id) => Encoding.UTF8.GetString(Texts[id]);

    /// <summary>Whether there is a token of that id.</summary>
    public bool Has(int id) => Texts[id].Length > 0;

    /// <summary>Whether the token steers the model.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_isSpecial.Length && _isSpecial[id];

    /// <summary>Finds a token by its text in the file; of equal ones the first; -1 for none.</summary>
    public int Find(string text) => Find(Encoding.UTF8.GetBytes(text));

    /// <summary>The same for UTF-8.</summary>
    public int Find(ReadOnlySpan<byte> text) => text.Length == 0 ? -1 : _names.Find(text);
}
