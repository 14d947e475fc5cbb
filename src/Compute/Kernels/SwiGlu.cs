using System.Runtime.CompilerServices;

namespace Minka.Compute.Kernels;

/// <summary><c>y = silu(gate) * up</c>, with <c>silu(x) = x / (1 + e^-x)</c> (Shazeer 2020).</summary>
/// <param name="y">Result, <c>[T, F]</c>.</param>
/// <param name="gateUp"><c>[T, gate F | up F]</c>.</param>
internal readonly unsafe struct SwiGlu(FloatRows y, FloatRows gateUp) : IRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Rows<V, L>(int start, int end)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var width = y.Columns;
        for (var row = start; row < end; row++)
        {
            float* gate = gateUp[row], up = gate + width, target = y[row];
            var i = 0;
            for (; i <= width - L.Count; i += L.Count)
                L.Store(target + i, Gate<V, L>(L.Load(gate + i), L.Load(up + i)));
            for (; i < width; i++) target[i] = Gate<float, Lanes1>(gate[i], up[i]);
        }
    }

    /// <summary>The scalar twin.</summary>
    public void RowsPlain(int start, int end)
    {
        for (var row = start; row < end; row++)
        {
            for (var i = 0; i < y.Columns; i++)
            {
                double gate = gateUp[row][i];
                y[row][i] = (float)(gate / (1 + Math.Exp(-gate)) * gateUp[row][y.Columns + i]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Gate<V, L>(V gate, V up)
        where V : unmanaged
        where L : struct, ILanes<V>
    {
        var exponent = L.Min(L.Multiply(gate, L.Broadcast(-Exponential.Log2E)), L.Broadcast(127));
        var power = Exponential.Power2<V, L>(exponent);
        return L.Multiply(L.Divide(gate, L.Add(power, L.Broadcast(1))), up);
    }
}
