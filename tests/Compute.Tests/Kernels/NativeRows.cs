using Minka.Compute.Cpu;
using Minka.Compute.Kernels;

namespace Minka.Compute.Tests.Kernels;

/// <summary>Rows of seeded random floats for a kernel, with floats between the rows that must not change.</summary>
internal sealed unsafe class NativeRows : IDisposable
{
    private const int Gap = 3;
    private const float Untouched = 12345;

    private readonly NativeBuffer _buffer;

    public NativeRows(int rows, int columns, int seed, float scale = 1)
    {
        (Count, Columns) = (rows, columns);
        _buffer = new NativeBuffer((long)rows * (columns + Gap) * sizeof(float));
        var random = new Random(seed);
        for (var row = 0; row < rows; row++)
        {
            var all = new Span<float>(Rows[row], columns + Gap);
            all.Fill(Untouched);
            for (var i = 0; i < columns; i++) all[i] = (random.NextSingle() * 2 - 1) * scale;
        }
    }

    public int Count { get; }

    public int Columns { get; }

    public FloatRows Rows => new((float*)_buffer.Data, Columns + Gap, Columns);

    public float[][] Values => [.. Enumerable.Range(0, Count).Select(row => Rows.Span(row).ToArray())];

    public void AssertGapsAreUntouched()
    {
        for (var row = 0; row < Count; row++)
            foreach (var value in new Span<float>(Rows[row] + Columns, Gap)) Assert.Equal(Untouched, value);
    }

    public void Dispose() => _buffer.Dispose();
}
