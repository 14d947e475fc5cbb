using System.Diagnostics.CodeAnalysis;
using Minka.Compute;
using Minka.Models;

namespace Minka.Cluster.Weights;

/// <summary>A model of which only a rank's slices are at hand.</summary>
/// <param name="path">Where they are, for messages.</param>
/// <param name="manifest">The model.</param>
/// <param name="slices">What is at hand; stays the caller's.</param>
internal sealed class SlicedModel(
    string path, ModelManifest manifest, IReadOnlyDictionary<WeightSlice, IWeightSource> slices) : IWeightFile
{
    public string Path => path;

    public string Format => "slices";

    public ModelConfig Config => manifest.Config;

    public IReadOnlyList<StoredTensor> Stored =>
        [.. slices.Keys.Select(slice => new StoredTensor(
            slice.Title, slice.Of.Type.ToString(), [slice.Rows, slice.Columns], slice.Bytes))];

    public bool TryFind(string name, [NotNullWhen(true)] out IWeightSource? weight)
    {
        weight = manifest.Weights.TryGetValue(name, out var shape) ? new Weight(this, shape) : null;
        return weight is not null;
    }

    public void Dispose()
    {
    }

    private IWeightSource Find(WeightSlice slice) => slices.TryGetValue(slice, out var source)
        ? source
        : throw new ModelFormatException($"Slice {slice.Title} was not shipped, and the model's family needs it; "
            + "this is a fault of this build: give the worker a copy of the model with --model.");

    private sealed class Weight(SlicedModel model, WeightShape shape) : ISlicedWeight
    {
        public string Name => shape.Name;

        public DType Type => shape.Type;

        public int Rows => shape.Rows;

        public int Columns => shape.Columns;

        public void ReadRows(int first, int count, Span<byte> bytes) =>
            model.Find(WeightSlice.Whole(shape)).ReadRows(first, count, bytes);

        public IWeightSource RowSlice(Range rows) => model.Find(WeightSlice.OfRows(shape, rows));

        public IWeightSource ColumnSlice(Range columns) => model.Find(WeightSlice.OfColumns(shape, columns));
    }
}
