namespace Minka.Compute.Kernels;

/// <summary>One float: the tier of a CPU without vectors.</summary>
internal readonly unsafe struct Lanes1 : ILanes<float>
{
    public static int Count => 1;

    public static float Zero => 0;

    public static float Broadcast(float value) => value;

    public static float Load(float* source) => *source;

    public static float LoadHalves(ushort* source) => LoadSmallHalves(source) * HalfBits.Unit;

    public static float LoadSmallHalves(ushort* source) =>
        BitConverter.Int32BitsToSingle(((short)*source << 13) & HalfBits.Mask);

    public static void LoadSmallHalves(ushort* source, out float even, out float odd) =>
        (even, odd) = (LoadSmallHalves(source), LoadSmallHalves(source + Count));

    public static float LoadBytes(sbyte* source) => *source;

    public static void Store(float* target, float value) => *target = value;

    public static float Add(float a, float b) => a + b;

    public static float Subtract(float a, float b) => a - b;

    public static float Multiply(float a, float b) => a * b;

    public static float Divide(float a, float b) => a / b;

    public static float MultiplyAdd(float a, float b, float c) => a * b + c;

    public static float Max(float a, float b) => a > b ? a : b;

    public static float Min(float a, float b) => a < b ? a : b;

    public static float Round(float a) => MathF.Round(a);

    public static float ScaleByPower(float a, float n) =>
        n > -126 ? BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(a) + ((int)n << 23)) : 0;

    public static float SwapPairs(float a) => throw new NotSupportedException("One lane has no pairs to swap.");

    public static float LoadTwice(float* source) => throw new NotSupportedException("One lane holds no float twice.");

    public static float Sum(float a) => a;

    public static float Largest(float a) => a;
}
