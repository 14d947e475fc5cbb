namespace Minka.Collectives.Wires;

/// <summary>A number format on the wire. Deterministic: equal values give equal bytes on every machine.</summary>
internal interface IWire
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>Whether values come back as they were.</summary>
    bool IsExact { get; }

    /// <summary>Bytes of <paramref name="count"/> values.</summary>
    int Bytes(int count);

    /// <summary>Most values that fit into <paramref name="bytes"/>, a multiple of 32.</summary>
    int Values(int bytes);

    /// <summary>Writes values to <c>Bytes(values.Length)</c> bytes.</summary>
    void Encode(ReadOnlySpan<float> values, Span<byte> bytes);

    /// <summary>Reads values back.</summary>
    void Decode(ReadOnlySpan<byte> bytes, Span<float> values);

    /// <summary>Adds what was written to <paramref name="sums"/>.</summary>
    void Add(ReadOnlySpan<byte> bytes, Span<float> sums);
}
