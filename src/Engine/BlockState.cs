namespace Minka.Engine;

/// <summary>What a KV block is used for.</summary>
public enum BlockState : byte
{
    /// <summary>Holds nothing that anyone could use.</summary>
    Free,

    /// <summary>Held by nobody, but its content is kept for a request that begins with it.</summary>
    Cached,

    /// <summary>One sequence holds it.</summary>
    Used,

    /// <summary>Several sequences hold it: their texts begin alike.</summary>
    Shared,
}
