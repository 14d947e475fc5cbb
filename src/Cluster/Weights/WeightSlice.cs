using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Minka.Cluster.Protocol;
using Minka.Compute;
using Minka.Models.Layers;

namespace Minka.Cluster.Weights;

/// <summary>How a weight is stored, and how large all of it is.</summary>
internal sealed record WeightShape(string Name, DType Type, int Rows, int Columns);

/// <summary>Some rows or columns of one weight: the unit that is cached and shipped. All of it is its rows.</summary>
/// <param name="Of">The weight.</param>
/// <param name="Axis">What is cut.</param>
/// <param name="Start">First row or column.</param>
/// <param name="End">One past the last.</param>
internal readonly record struct WeightSlice(WeightShape Of, SliceAxis Axis, int Start, int End)
{
    public int Rows => Axis == SliceAxis.Rows ? End - Start : Of.Rows;

    public int Columns => Axis == SliceAxis.Columns ? End - Start : Of.Columns;

    public long RowBytes => Of.Type.RowBytes(Columns);

    public long Bytes => checked(Rows * RowBytes);

    public bool IsWhole => Axis == SliceAxis.Rows && Start == 0 && End == Of.Rows;

    /// <summary>Unique among the slices of a model, and fit for a file's name.</summary>
    public string Title => string.Create(CultureInfo.InvariantCulture,
        $"{Of.Name}.{(Axis == SliceAxis.Rows ? "rows" : "columns")}.{Start}-{End}");

    public static WeightSlice Whole(WeightShape of) => new(of, SliceAxis.Rows, 0, of.Rows);

    /// <summary>Some rows; all of them if the range is all.</summary>
    public static WeightSlice OfRows(WeightShape of, Range rows) =>
        new(of, SliceAxis.Rows, rows.Start.Value, rows.End.Value);

    /// <summary>Some columns; all of the weight if the range is all.</summary>
    public static WeightSlice OfColumns(WeightShape of, Range columns) =>
        columns.Start.Value == 0 && columns.End.Value == of.Columns
            ? Whole(of)
            : new(of, SliceAxis.Columns, columns.Start.Value, columns.End.Value);

    /// <summary>The slice read from all of its weight.</summary>
    public IWeightSource From(IWeightSource whole) => Axis == SliceAxis.Rows
        ? WeightSlices.Rows(whole, Start..End)
        : WeightSlices.Columns(whole, Start..End);

    /// <summary>Whether a larger slice, or an equal one, holds all of this one.</summary>
    public bool IsWithin(WeightSlice other) => Of == other.Of
        && (other.IsWhole || (Axis == other.Axis && Start >= other.Start && End <= other.End));

    /// <summary>The slice read from one that it is within.</summary>
    public IWeightSource Within(WeightSlice other, IWeightSource source)
    {
        if (this == other) return source;
        return other.IsWhole ? From(source)
            : Axis == SliceAxis.Rows ? WeightSlices.Rows(source, (Start - other.Start)..(End - other.Start))
            : WeightSlices.Columns(source, (Start - other.Start)..(End - other.Start));
    }

    /// <summary>What names it to others: SHA-256 over model, weight and cut.</summary>
    public byte[] Hash(string modelHash) => SHA256.HashData(Encoding.UTF8.GetBytes(
        $"{modelHash}\n{Of.Name} {Of.Type} {Of.Rows} {Of.Columns}\n{Title}"));

    public SliceCut Cut => new() { Name = Of.Name, Axis = Axis, Start = Start, End = End };
}
