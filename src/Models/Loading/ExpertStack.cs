using Minka.Compute;

namespace Minka.Models.Loading;

/// <summary>
/// Experts that a file keeps apart, as one weight: <c>blk.N.ffn_gate_exps</c> has the rows of <c>blk.N.ffn_gate.0</c>,
/// below them those of <c>blk.N.ffn_gate.1</c>, and so on.
/// </summary>
internal sealed class ExpertStack : IWeightSource
{
    private const string Ending = "_exps.weight";

    private readonly IWeightSource[] _experts;

    private ExpertStack(string name, IWeightSource[] experts) => (Name, _experts) = (name, experts);

    public string Name { get; }

    public DType Type => _experts[0].Type;

    public int Rows => _experts.Length * _experts[0].Rows;

    public int Columns => _experts[0].Columns;

    /// <summary>Whether a name is that of all experts of a layer.</summary>
    public static bool IsName(string name) => name.EndsWith(Ending, StringComparison.Ordinal);

    /// <summary>Stacks the experts of a layer; null if there is no expert 0.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="name">Of which <see cref="IsName"/> holds.</param>
    /// <param name="experts">How many there must be; their rows together are known to fit 31 bits.</param>
    /// <param name="find">Finds a weight by the name of one of them.</param>
    /// <exception cref="ModelFormatException">One is missing, or unlike the others.</exception>
    public static ExpertStack? Find(string path, string name, int experts, Func<string, IWeightSource?> find)
    {
        var stem = name[..^Ending.Length];
        if (experts == 0 || find($"{stem}.0.weight") is not { } first) return null;

        var found = new IWeightSource[experts];
        for (var i = 0; i < experts; i++)
        {
            var expert = i == 0 ? first : find($"{stem}.{i}.weight")
                ?? throw new ModelFormatException($"'{path}' has '{first.Name}', but of {experts} experts the one "
                    + $"numbered {i} is missing; the file is incomplete, fetch it again.");
            if (expert.Rows != first.Rows || expert.Columns != first.Columns || expert.Type != first.Type)
                throw new ModelFormatException($"'{expert.Name}' of '{path}' is {expert.Type} [{expert.Rows}, "
                    + $"{expert.Columns}] and '{first.Name}' is {first.Type} [{first.Rows}, {first.Columns}]; experts "
                    + "of a layer are alike.");
            found[i] = expert;
        }
        return new ExpertStack(name, found);
    }

    public void ReadRows(int first, int count, Span<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Rows);
        var rowBytes = (int)Type.RowBytes(Columns);
        while (count > 0)
        {
            var (expert, row) = Math.DivRem(first, _experts[0].Rows);
            var rows = Math.Min(count, _experts[0].Rows - row);
            _experts[expert].ReadRows(row, rows, bytes[..(rows * rowBytes)]);
            bytes = bytes[(rows * rowBytes)..];
            first += rows;
            count -= rows;
        }
    }
}
