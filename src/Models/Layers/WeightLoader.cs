using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>
/// Some rows of a linear layer: the weight's name without its ending, and how many outputs it must have.
/// </summary>
internal readonly record struct LinearPart(string Name, int Rows);

/// <summary>Takes weights by name from a file, checks their shapes and packs them for a device.</summary>
/// <param name="file">Where weights lie.</param>
/// <param name="on">Device.</param>
/// <param name="type">Format to hold matrices in; null keeps the file's.</param>
/// <param name="progress">Told bytes read.</param>
internal sealed class WeightLoader(IWeightFile file, IBackend on, DType? type, Action<long>? progress)
{
    /// <summary>A norm: <c>[1, length]</c>.</summary>
    public Tensor Vector(string name, int length) => on.LoadVector(Find(name + ".weight", 1, length));

    /// <summary>A matrix that is not part of a layer: the embedding or the head.</summary>
    public Matrix Matrix(string name, int rows, int columns) =>
        on.Pack([Find(name + ".weight", rows, columns)], TypeFor(columns), progress);

    /// <summary>Whether the file has this weight.</summary>
    public bool Has(string name) => file.TryFind(name + ".weight", out _);

    /// <summary>
    /// A linear layer whose outputs are those of all parts, in order, with the biases that the file has.
    /// </summary>
    public Linear Linear(int columns, params ReadOnlySpan<LinearPart> parts)
    {
        var sources = new IWeightSource[parts.Length];
        for (var i = 0; i < parts.Length; i++) sources[i] = Find(parts[i].Name + ".weight", parts[i].Rows, columns);
        return new(on, on.Pack(sources, TypeFor(columns), progress), Bias(parts));
    }

    // As llama.cpp does: a matrix whose rows are not whole blocks of the wanted format stays as it is.
    private DType? TypeFor(int columns) => type is { } wanted && columns % wanted.BlockLength() == 0 ? wanted : null;

    private Tensor? Bias(ReadOnlySpan<LinearPart> parts)
    {
        var rows = 0;
        var any = false;
        foreach (var part in parts)
        {
            rows += part.Rows;
            any |= file.TryFind(part.Name + ".bias", out _);
        }
        if (!any) return null;

        var bias = on.Allocate(1, rows).All;
        var first = 0;
        foreach (var part in parts)
        {
            if (file.TryFind(part.Name + ".bias", out _))
            {
                var values = on.LoadVector(Find(part.Name + ".bias", 1, part.Rows));
                on.Host(values)[..part.Rows].CopyTo(on.Host(bias)[first..]);
                values.Storage.Dispose();
            }
            first += part.Rows;
        }
        return bias;
    }

    private IWeightSource Find(string name, int rows, int columns)
    {
        if (!file.TryFind(name, out var weight))
            throw new ModelFormatException($"{file.Path} has no weight '{name}', which its architecture needs; "
                + "the file is incomplete or of another architecture.");
        if (weight.Rows != rows || weight.Columns != columns)
            throw new ModelFormatException($"Weight '{weight.Name}' is [{weight.Rows}, {weight.Columns}]; "
                + $"the configuration of {file.Path} makes it [{rows}, {columns}].");
        return weight;
    }
}
