using Minka.Collectives;
using Minka.Compute;

namespace Minka.Models.Layers;

/// <summary>Some outputs of a linear layer.</summary>
/// <param name="Name">The weight's name without its ending.</param>
/// <param name="Rows">Outputs that the weight must have.</param>
/// <param name="Mine">Those of this rank.</param>
internal readonly record struct LinearPart(string Name, int Rows, Range Mine);

/// <summary>Takes weights by name from a file, checks their shapes and packs them for a device.</summary>
/// <param name="file">Where weights lie.</param>
/// <param name="on">Device.</param>
/// <param name="type">Format to hold matrices in; null keeps the file's.</param>
/// <param name="progress">Told bytes read.</param>
/// <param name="ranks">Ranks that hold the other slices of the same layers.</param>
internal sealed class WeightLoader(
    IWeightFile file, IBackend on, DType? type, Action<long>? progress, ICommunicator ranks)
{
    /// <summary>A norm: <c>[1, length]</c>.</summary>
    public Tensor Vector(string name, int length) => on.LoadVector(Find(name + ".weight", 1, length));

    /// <summary>Rows of a matrix that is not part of a layer, the embedding or the head; null for none.</summary>
    public Matrix? Matrix(string name, int rows, int columns, Range mine) => mine.Count == 0
        ? null
        : on.Pack([WeightSlices.Rows(Find(name + ".weight", rows, columns), mine)], TypeFor(columns), progress);

    /// <summary>A router: all of it, in f32 whatever the model is held in.</summary>
    public Matrix Router(string name, int experts, int width) =>
        on.Pack([Find(name + ".weight", experts, width)], DType.F32, progress);

    /// <summary>A matrix for each of this rank's experts: its rows of all parts, one below the other.</summary>
    /// <param name="count">Experts of all ranks.</param>
    /// <param name="mine">Those of this rank.</param>
    /// <param name="columns">Inputs.</param>
    /// <param name="parts">Weights of all experts, without their ending, and the rows of one expert in each.</param>
    public Matrix[] Experts(
        int count, Range mine, int columns, params ReadOnlySpan<(string Name, int Rows)> parts)
    {
        var matrices = new Matrix[mine.Count];
        var slices = new IWeightSource[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            var whole = Find(parts[i].Name + ".weight", checked(count * parts[i].Rows), columns);
            slices[i] = WeightSlices.Rows(whole, mine.Times(parts[i].Rows));
        }
        for (var expert = 0; expert < matrices.Length; expert++)
        {
            var sources = new IWeightSource[parts.Length];
            for (var i = 0; i < parts.Length; i++)
                sources[i] = WeightSlices.Within(slices[i], (expert..(expert + 1)).Times(parts[i].Rows));
            matrices[expert] = on.Pack(sources, TypeFor(columns), progress);
        }
        return matrices;
    }

    /// <summary>Ranks that hold the other slices of the same layers.</summary>
    public ICommunicator Ranks => ranks;

    /// <summary>Whether the file has this weight.</summary>
    public bool Has(string name) => file.TryFind(name + ".weight", out _);

    /// <summary>
    /// A linear layer whose outputs are this rank's of all parts, in order, with the biases that the file has; null
    /// when they are none.
    /// </summary>
    public ColumnParallelLinear? ColumnParallel(int columns, params ReadOnlySpan<LinearPart> parts)
    {
        var sources = new IWeightSource[parts.Length];
        var rows = 0;
        for (var i = 0; i < parts.Length; i++)
        {
            var whole = Find(parts[i].Name + ".weight", parts[i].Rows, columns);
            sources[i] = WeightSlices.Rows(whole, parts[i].Mine);
            rows += sources[i].Rows;
        }
        return rows == 0 ? null : new(on.Pack(sources, TypeFor(columns), progress), Bias(parts));
    }

    /// <summary>A linear layer that reads this rank's inputs, with the bias that the file has.</summary>
    /// <param name="name">The weight's name without its ending.</param>
    /// <param name="rows">Outputs.</param>
    /// <param name="columns">Inputs of all ranks.</param>
    /// <param name="mine">Inputs of this rank.</param>
    public RowParallelLinear RowParallel(string name, int rows, int columns, Range mine)
    {
        var source = Find(name + ".weight", rows, columns);
        var matrix = mine.Count == 0
            ? null
            : on.Pack([WeightSlices.Columns(source, mine)], TypeFor(columns), progress);
        return new(ranks, matrix, Bias(new LinearPart(name, rows, ..rows)));
    }

    // As llama.cpp does: a matrix whose rows are not whole blocks of the wanted format stays as it is.
    private DType? TypeFor(int columns) => type is { } wanted && columns % wanted.BlockLength() == 0 ? wanted : null;

    private Tensor? Bias(params ReadOnlySpan<LinearPart> parts)
    {
        var rows = 0;
        var any = false;
        foreach (var part in parts)
        {
            rows += part.Mine.Count;
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
                on.Host(values)[part.Mine].CopyTo(on.Host(bias)[first..]);
                values.Storage.Dispose();
            }
            first += part.Mine.Count;
        }
        return bias;
    }

    private IWeightSource Find(string name, int rows, int columns)
    {
        if (!file.TryFind(name, out var weight))
            throw new ModelFormatException($"{file.Path} has no weight '{file.NameOf(name)}', which its architecture "
                + "needs; the file is incomplete or of another architecture.");
        if (weight.Rows != rows || weight.Columns != columns)
            throw new ModelFormatException($"Weight '{weight.Name}' is [{weight.Rows}, {weight.Columns}]; "
                + $"the configuration of {file.Path} makes it [{rows}, {columns}].");
        return weight;
    }
}
