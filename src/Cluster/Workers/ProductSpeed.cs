using System.Runtime.InteropServices;
using Minka.Compute;
using Minka.Compute.Cpu;

namespace Minka.Cluster.Workers;

/// <summary>How fast this machine multiplies a batch with weights as models hold them: what bounds prompts.</summary>
internal static class ProductSpeed
{
    /// <summary>A feed-forward projection of a model of 1 billion weights, and a chunk of a prompt.</summary>
    private const int Rows = 4096, Columns = 2048, Tokens = 128;

    private const double SecondsMin = 0.3;

    /// <summary>Floating-point operations per second of Q8_0 products; takes about half a second.</summary>
    /// <param name="threads">Threads that compute; 0 for one per core.</param>
    /// <param name="time">Clock.</param>
    public static double Measure(int threads, TimeProvider time)
    {
        using var backend = new CpuBackend(new() { Threads = threads });
        using var weights = backend.Pack([new Waves()], DType.Q8_0);
        using var x = backend.Allocate(Tokens, Columns);
        using var y = backend.Allocate(Tokens, Rows);
        backend.Host(x.All).Fill(0.5f);

        backend.MatMul(y.All, x.All, weights);
        var (start, count) = (time.GetTimestamp(), 0);
        do
        {
            backend.MatMul(y.All, x.All, weights);
            count++;
        }
        while (time.GetElapsedTime(start).TotalSeconds < SecondsMin);
        return 2.0 * Rows * Columns * Tokens * count / time.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Weights that are not all alike.</summary>
    private sealed class Waves : IWeightSource
    {
        public string Name => "probe";

        public DType Type => DType.F32;

        public int Rows => ProductSpeed.Rows;

        public int Columns => ProductSpeed.Columns;

        public void ReadRows(int first, int count, Span<byte> bytes)
        {
            var values = MemoryMarshal.Cast<byte, float>(bytes);
            for (var i = 0; i < values.Length; i++) values[i] = ((first * 31) + (i * 7)) % 63 - 31;
        }
    }
}
