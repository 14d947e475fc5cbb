using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Minka.Compute.Cpu;
using Minka.Compute.Packing;

namespace Minka.Bench.Kernels;

/// <summary>What this machine can do at this moment: the denominators of every percentage.</summary>
internal sealed class MachineLimits(ThreadTeam team) : IDisposable
{
    // Four times the last-level cache of the machines we know.
    private const long BufferBytes = 256L << 20;

    private readonly WeightMemory _buffer = Touched();

    /// <summary>Bytes per second of reading memory in order, all members together.</summary>
    public unsafe double ReadBytesPerSecond()
    {
        var job = new ReadJob((nint)_buffer.Pointer, BufferBytes);
        var start = Stopwatch.GetTimestamp();
        team.Run(ref job);
        return BufferBytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>
    /// Operations (a multiplication or an addition) per second of <c>maddubs</c> with an addition after each, from
    /// registers, at the widest vectors, all members together: no product without VNNI can be faster.
    /// </summary>
    public double ByteOperationsPerSecond()
    {
        var job = new ComputeJob(1 << 20);
        var start = Stopwatch.GetTimestamp();
        team.Run(ref job);
        return (double)job.Operations * team.Size / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => _buffer.Dispose();

    private static unsafe WeightMemory Touched()
    {
        var memory = new WeightMemory(BufferBytes);
        for (long i = 0; i < BufferBytes; i += 4096) memory.Pointer[i] = 1;
        return memory;
    }

    private readonly unsafe struct ReadJob(nint buffer, long bytes) : ITeamJob
    {
        public void Run(int member, int size)
        {
            var part = bytes / size / 1024 * 1024;
            if (Sum((byte*)buffer + (member * part), part) == 42) Console.Write(' ');
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static int Sum(byte* from, long bytes)
        {
            Vector256<int> a = default, b = default, c = default, d = default;
            for (var end = from + bytes; from < end; from += 128)
            {
                Sse.Prefetch0(from + 2048);
                Sse.Prefetch0(from + 2112);
                a += Vector256.Load((int*)from);
                b += Vector256.Load((int*)(from + 32));
                c += Vector256.Load((int*)(from + 64));
                d += Vector256.Load((int*)(from + 96));
            }
            return Vector256.Sum(a + b + c + d);
        }
    }

    private readonly struct ComputeJob(int rounds) : ITeamJob
    {
        public long Operations => (long)rounds * 8 * 2 * (Avx512BW.IsSupported ? 64 : 32);

        public void Run(int member, int size)
        {
            var sum = Avx512BW.IsSupported ? Round512(rounds) : Avx2.IsSupported ? Round256(rounds) : 0;
            if (sum == 42) Console.Write(' ');
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static int Round512(int rounds)
        {
            Vector512<short> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
            var (x, y) = (Vector512.Create((byte)3), Vector512.Create((sbyte)-2));
            for (var i = 0; i < rounds; i++)
            {
                a += Avx512BW.MultiplyAddAdjacent(x, (y.AsInt16() ^ a).AsSByte());
                b += Avx512BW.MultiplyAddAdjacent(x, (y.AsInt16() ^ b).AsSByte());
                c += Avx512BW.MultiplyAddAdjacent(x, (y.AsInt16() ^ c).AsSByte());
                d += Avx512BW.MultiplyAddAdjacent(x, (y.AsInt16() ^ d).AsSByte());
                e += Avx512BW.MultiplyAddAdjacent(x, (y.AsInt16() ^ e).AsSByte());
                f += Avx512BW.MultiplyAddAdjacent(x, (y.AsInt16() ^ f).AsSByte());
                g += Avx512BW.MultiplyAddAdjacent(x, (y.AsInt16() ^ g).AsSByte());
                h += Avx512BW.MultiplyAddAdjacent(x, (y.AsInt16() ^ h).AsSByte());
            }
            return Vector512.Sum(a + b + c + d + e + f + g + h);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static int Round256(int rounds)
        {
            Vector256<short> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
            var (x, y) = (Vector256.Create((byte)3), Vector256.Create((sbyte)-2));
            for (var i = 0; i < rounds; i++)
            {
                a += Avx2.MultiplyAddAdjacent(x, y);
                b += Avx2.MultiplyAddAdjacent(x, y);
                c += Avx2.MultiplyAddAdjacent(x, y);
                d += Avx2.MultiplyAddAdjacent(x, y);
                e += Avx2.MultiplyAddAdjacent(x, y);
                f += Avx2.MultiplyAddAdjacent(x, y);
                g += Avx2.MultiplyAddAdjacent(x, y);
                h += Avx2.MultiplyAddAdjacent(x, y);
            }
            return Vector256.Sum(a + b + c + d + e + f + g + h);
        }
    }
}
