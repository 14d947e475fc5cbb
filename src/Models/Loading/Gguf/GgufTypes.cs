using Minka.Compute;

namespace Minka.Models.Loading.Gguf;

/// <summary>A number format by its id in GGUF.</summary>
/// <param name="Name">ggml's name.</param>
/// <param name="BlockLength">Values per block.</param>
/// <param name="BlockBytes">Bytes per block.</param>
/// <param name="Runs">The format to compute with, or null where there is none yet.</param>
internal sealed record GgufTensorType(string Name, int BlockLength, int BlockBytes, DType? Runs = null)
{
    private static readonly Dictionary<uint, GgufTensorType> _byId = new()
    {
        [0] = Built(DType.F32),
        [1] = Built(DType.F16),
        [2] = Built(DType.Q4_0),
        [3] = Built(DType.Q4_1),
        [6] = Built(DType.Q5_0),
        [7] = Built(DType.Q5_1),
        [8] = Built(DType.Q8_0),
        [9] = new("Q8_1", 32, 36),
        [10] = new("Q2_K", 256, 84),
        [11] = new("Q3_K", 256, 110),
        [12] = new("Q4_K", 256, 144),
        [13] = new("Q5_K", 256, 176),
        [14] = new("Q6_K", 256, 210),
        [15] = new("Q8_K", 256, 292),
        [16] = new("IQ2_XXS", 256, 66),
        [17] = new("IQ2_XS", 256, 74),
        [18] = new("IQ3_XXS", 256, 98),
        [19] = new("IQ1_S", 256, 50),
        [20] = new("IQ4_NL", 32, 18),
        [21] = new("IQ3_S", 256, 110),
        [22] = new("IQ2_S", 256, 82),
        [23] = new("IQ4_XS", 256, 136),
        [24] = new("I8", 1, 1),
        [25] = new("I16", 1, 2),
        [26] = new("I32", 1, 4),
        [27] = new("I64", 1, 8),
        [28] = new("F64", 1, 8),
        [29] = new("IQ1_M", 256, 56),
        [30] = Built(DType.BF16),
        [34] = new("TQ1_0", 256, 54),
        [35] = new("TQ2_0", 256, 66),
        [39] = new("MXFP4", 32, 17),
    };

    /// <summary>Null when the id is none of ggml's.</summary>
    public static GgufTensorType? Find(uint id) => _byId.GetValueOrDefault(id);

    private static GgufTensorType Built(DType type) =>
        new(type.ToString(), type.BlockLength(), type.BlockBytes(), type);
}

/// <summary>Kind of a metadata value; the numbers are the file's.</summary>
internal enum GgufValueType : uint
{
    UInt8,
    Int8,
    UInt16,
    Int16,
    UInt32,
    Int32,
    Float32,
    Bool,
    String,
    Array,
    UInt64,
    Int64,
    Float64,
}

/// <summary>Sizes and names of metadata values.</summary>
internal static class GgufValueTypes
{
    /// <summary>Bytes of one value; 0 where it varies.</summary>
    public static int Bytes(this GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.UInt64 or GgufValueType.Int64 or GgufValueType.Float64 => 8,
        _ => 0,
    };

    public static bool IsInteger(this GgufValueType type) => type is GgufValueType.UInt8 or GgufValueType.Int8
        or GgufValueType.UInt16 or GgufValueType.Int16 or GgufValueType.UInt32 or GgufValueType.Int32
        or GgufValueType.UInt64 or GgufValueType.Int64;

    /// <summary>As the format's description spells it: <c>u32</c>, <c>string</c>.</summary>
    public static string Name(this GgufValueType type) => type switch
    {
        GgufValueType.UInt8 => "u8",
        GgufValueType.Int8 => "i8",
        GgufValueType.UInt16 => "u16",
        GgufValueType.Int16 => "i16",
        GgufValueType.UInt32 => "u32",
        GgufValueType.Int32 => "i32",
        GgufValueType.UInt64 => "u64",
        GgufValueType.Int64 => "i64",
        GgufValueType.Float32 => "f32",
        GgufValueType.Float64 => "f64",
        GgufValueType.Bool => "bool",
        GgufValueType.String => "string",
        _ => "array",
    };
}
