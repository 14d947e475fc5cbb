using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Minka.Compute.Cpu;
using Minka.Compute.Kernels.Code;

namespace Minka.Bench.Kernels;

/// <summary>What this machine can do at this moment: the denominators of every percentage.</summary>
internal sealed class MachineLimits(ThreadTeam team) : IDisposable
{
    // Some times the last-level cache of the machines we know.
    private const long BufferBytes = 128L << 20;

    private readonly NativeBuffer _buffer = Touched();

    /// <summary>Bytes per second of reading memory in order, all members together.</summary>
    public unsafe double ReadBytesPerSecond()
    {
        var job = new ReadJob((nint)_buffer.Data, BufferBytes);
        var start = Stopwatch.GetTimestamp();
        team.Run(ref job);
        return BufferBytes / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>
    /// Operations (a multiplication or an addition) per second of a tier's products of bytes and nothing else, all
    /// members together: <c>vpdpbusd</c> from registers, or <c>maddubs</c> with an addition after each.
    /// </summary>
    public double ByteOperationsPerSecond(InstructionTier tier)
    {
        var job = new ComputeJob(1 << 17, tier);
        var start = Stopwatch.GetTimestamp();
        team.Run(ref job);
        return (double)job.Operations * team.Size / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => _buffer.Dispose();

    private static unsafe NativeBuffer Touched()
    {
        var memory = new NativeBuffer(BufferBytes);
        for (long i = 0; i < BufferBytes; i += 4096) memory.Data[i] = 1;
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

    private readonly unsafe struct ComputeJob(int rounds, InstructionTier tier) : ITeamJob
    {
        private static readonly Lazy<nint> DotLoop = new(WriteDotLoop);

        public long Operations => (long)rounds * Products * 2 * (Is512 ? 64 : 32);

        private int Products => IsVnni ? DotProducts : 8;

        private bool IsVnni => tier == InstructionTier.Avx512Vnni;

        private bool Is512 => tier >= InstructionTier.Avx512;

        public void Run(int member, int size)
        {
            if (IsVnni)
            {
                ((delegate* unmanaged<nint, void>)DotLoop.Value)(rounds);
                return;
            }
            var sum = Is512 ? Round512(rounds) : Avx2.IsSupported ? Round256(rounds) : 0;
            if (sum == 42) Console.Write(' ');
        }

        private const int DotProducts = 24;

        private static nint WriteDotLoop()
        {
            var code = new Assembler();
            var start = code.Position;
            for (var sum = 0; sum < DotProducts; sum++) code.DotBytes(sum, 30, 31);
            code.Decrement(Gpr.Rdi);
            code.JumpIfNotZero(start);
            code.Return();
            return MachineCode.TryPlace(code.ToArray(), out var function)
                ? function
                : throw new InvalidOperationException("The system gave no memory for code.");
        }

        private static unsafe sbyte* Align(sbyte* pointer) => (sbyte*)(((nint)pointer + 63) & ~63);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static unsafe int Round512(int rounds)
        {
            var bytes = stackalloc sbyte[65 * 64];
            var y = Align(bytes);
            var x = Vector512.Create((byte)rounds);
            Vector512<short> a = default, b = default, c = default, d = default;
            Vector512<short> e = default, f = default, g = default, h = default;
            for (var i = 0; i < rounds; i++)
            {
                var from = (Vector512<sbyte>*)(y + (i % 8 * 512));
                a += Avx512BW.MultiplyAddAdjacent(x, from[0]);
                b += Avx512BW.MultiplyAddAdjacent(x, from[1]);
                c += Avx512BW.MultiplyAddAdjacent(x, from[2]);
                d += Avx512BW.MultiplyAddAdjacent(x, from[3]);
                e += Avx512BW.MultiplyAddAdjacent(x, from[4]);
                f += Avx512BW.MultiplyAddAdjacent(x, from[5]);
                g += Avx512BW.MultiplyAddAdjacent(x, from[6]);
                h += Avx512BW.MultiplyAddAdjacent(x, from[7]);
            }
            return Vector512.Sum(a + b + c + d + e + f + g + h);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static unsafe int Round256(int rounds)
        {
            var bytes = stackalloc sbyte[65 * 64];
            var y = Align(bytes);
            var x = Vector256.Create((byte)rounds);
            Vector256<short> a = default, b = default, c = default, d = default;
            Vector256<short> e = default, f = default, g = default, h = default;
            for (var i = 0; i < rounds; i++)
            {
                var from = (Vector256<sbyte>*)(y + (i % 8 * 512));
                a += Avx2.MultiplyAddAdjacent(x, from[0]);
                b += Avx2.MultiplyAddAdjacent(x, from[1]);
                c += Avx2.MultiplyAddAdjacent(x, from[2]);
                d += Avx2.MultiplyAddAdjacent(x, from[3]);
                e += Avx2.MultiplyAddAdjacent(x, from[4]);
                f += Avx2.MultiplyAddAdjacent(x, from[5]);
                g += Avx2.MultiplyAddAdjacent(x, from[6]);
                h += Avx2.MultiplyAddAdjacent(x, from[7]);
            }
            return Vector256.Sum(a + b + c + d + e + f + g + h);
        }
    }
}
