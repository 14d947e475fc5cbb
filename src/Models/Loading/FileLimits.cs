namespace Minka.Models.Loading;

/// <summary>What a model file may ask for. Far above any published model, far below what hurts a machine.</summary>
internal static class FileLimits
{
    public const int Tensors = 100_000;
    public const int Keys = 100_000;
    public const int KeyBytes = 65_535;
    public const int StringBytes = 16 << 20;
    public const int ArrayElements = 16 << 20;
    public const int ArrayDepth = 4;
    public const int GgufDimensions = 4;
    public const int GgufHeaderBytes = 256 << 20;
    public const int GgufParts = 1_000;
    public const int SafetensorsShards = 500;
    public const int SafetensorsHeaderBytes = 100_000_000;
    public const int Dimensions = 8;
    public const int Templates = 100;
    public const int JsonBytes = 64 << 20;
    public const int JsonDepth = 64;
}
