using System.Text;

namespace Minka.Models.Tests.Loading.Writers;

/// <summary>Writes distributed-llama tokenizers (<c>.t</c>).</summary>
internal sealed class DllamaTokenizerWriter
{
    private const int Magic = 0x567124;
    private const int OldMagic = 0x567123;

    public List<(byte[] Bytes, float Score)> Pieces { get; } = [];

    public int BosId { get; init; }

    public IReadOnlyList<int> EosIds { get; init; } = [];

    public string Template { get; init; } = "";

    /// <summary>Null leaves the key out.</summary>
    public bool? AddBos { get; init; } = true;

    public DllamaTokenizerWriter Add(string piece, float score)
    {
        Pieces.Add((Encoding.UTF8.GetBytes(piece), score));
        return this;
    }

    public byte[] ToArray()
    {
        var template = Encoding.UTF8.GetBytes(Template);
        List<(int Key, int Value)> pairs =
            [(3, BosId), (0, 1), (1, Pieces.Count), (2, Pieces.Select(p => p.Bytes.Length).DefaultIfEmpty(1).Max())];
        if (template.Length > 0) pairs.Add((7, template.Length));
        pairs.Add((9, EosIds.Count));
        if (AddBos is { } add) pairs.Add((10, add ? 1 : 0));

        return Write(writer =>
        {
            writer.Write(Magic);
            writer.Write(8 + 8 * pairs.Count);
            foreach (var (key, value) in pairs)
            {
                writer.Write(key);
                writer.Write(value);
            }
            writer.Write(template);
            foreach (var id in EosIds) writer.Write(id);
        });
    }

    /// <summary>The format without pairs and template.</summary>
    public byte[] ToOldArray() => Write(writer =>
    {
        writer.Write(OldMagic);
        writer.Write(Pieces.Count);
        writer.Write(Pieces.Max(p => p.Bytes.Length));
        writer.Write(BosId);
        writer.Write(EosIds.Count > 0 ? EosIds[0] : -1);
        writer.Write(-1);
    });

    private byte[] Write(Action<BinaryWriter> head)
    {
        var stream = new MemoryStream();
        var writer = new BinaryWriter(stream, Encoding.UTF8);
        head(writer);
        foreach (var (bytes, score) in Pieces)
        {
            writer.Write(score);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }
        return stream.ToArray();
    }
}
