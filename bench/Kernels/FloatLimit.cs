using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Minka.Compute.Cpu;

namespace Minka.Bench.Kernels;

/// <summary>Fused multiply-adds from registers at the widest vectors: the limit of arithmetic on floats.</summary>
internal static class FloatLimit
{
    private const int Rounds = 1 << 18;
    private const int Chains = 10;

    /// <summary>Operations (a multiplication or an addition) per second, all members together.</summary>
    /// <param name="team">Computes.</param>
    /// <param name="bits">Widest vectors to use.</param>
    public static double OperationsPerSecond(ThreadTeam team, int bits = 512)
    {
        var job = new FmaJob(bits);
        team.Run(ref job);
        var start = Stopwatch.GetTimestamp();
        team.Run(ref job);
        var lanes = job.Is512 ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;
        return 2.0 * lanes * Chains * Rounds * team.Size / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private struct FmaJob(int bits) : ITeamJob
    {
        private float _sink;

        public readonly bool Is512 => bits >= 512 && Vector512.IsHardwareAccelerated;

        public void Run(int member, int size) => _sink = Is512
            ? Vector512.Sum(Chain512())
            : Vector256.IsHardwareAccelerated ? Vector256.Sum(Chain256()) : Vector128.Sum(Chain128());

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Vector512<float> Chain512()
        {
            Vector512<float> a = default, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a;
            Vector512<float> x = Vector512.Create(0.5f), y = Vector512.Create(0.25f);
            for (var round = 0; round < Rounds; round++)
            {
                a = Vector512.MultiplyAddEstimate(a, x, y);
                b = Vector512.MultiplyAddEstimate(b, x, y);
                c = Vector512.MultiplyAddEstimate(c, x, y);
                d = Vector512.MultiplyAddEstimate(d, x, y);
                e = Vector512.MultiplyAddEstimate(e, x, y);
                f = Vector512.MultiplyAddEstimate(f, x, y);
                g = Vector512.MultiplyAddEstimate(g, x, y);
                h = Vector512.MultiplyAddEstimate(h, x, y);
                i = Vector512.MultiplyAddEstimate(i, x, y);
                j = Vector512.MultiplyAddEstimate(j, x, y);
            }
            return a + b + c + d + e + f + g + h + i + j;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Vector256<float> Chain256()
        {
            Vector256<float> a = default, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a;
            Vector256<float> x = Vector256.Create(0.5f), y = Vector256.Create(0.25f);
            for (var round = 0; round < Rounds; round++)
            {
                a = Vector256.MultiplyAddEstimate(a, x, y);
                b = Vector256.MultiplyAddEstimate(b, x, y);
                c = Vector256.MultiplyAddEstimate(c, x, y);
                d = Vector256.MultiplyAddEstimate(d, x, y);
                e = Vector256.MultiplyAddEstimate(e, x, y);
                f = Vector256.MultiplyAddEstimate(f, x, y);
                g = Vector256.MultiplyAddEstimate(g, x, y);
                h = Vector256.MultiplyAddEstimate(h, x, y);
                i = Vector256.MultiplyAddEstimate(i, x, y);
                j = Vector256.MultiplyAddEstimate(j, x, y);
            }
            return a + b + c + d + e + f + g + h + i + j;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static Vector128<float> Chain128()
        {
            Vector128<float> a = default, b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a;
            Vector128<float> x = Vector128.Create(0.5f), y = Vector128.Create(0.25f);
            for (var round = 0; round < Rounds; round++)
            {
                a = Vector128.MultiplyAddEstimate(a, x, y);
                b = Vector128.MultiplyAddEstimate(b, x, y);
                c = Vector128.MultiplyAddEstimate(c, x, y);
                d = Vector128.MultiplyAddEstimate(d, x, y);
                e = Vector128.MultiplyAddEstimate(e, x, y);
                f = Vector128.MultiplyAddEstimate(f, x, y);
                g = Vector128.MultiplyAddEstimate(g, x, y);
                h = Vector128.MultiplyAddEstimate(h, x, y);
                i = Vector128.MultiplyAddEstimate(i, x, y);
                j = Vector128.MultiplyAddEstimate(j, x, y);
            }
            return a + b + c + d + e + f + g + h + i + j;
        }
    }
}
