using Minka.Models.Layers;

namespace Minka.Models.Architectures;

/// <summary>A family of decoders: what one of its layers is made of.</summary>
internal interface IArchitecture
{
    /// <summary>Name in <see cref="ModelConfig.Architecture"/>.</summary>
    string Name { get; }

    /// <summary>Builds layer <c>build.Layer</c> from its weights.</summary>
    IDecoderBlock Block(BlockBuilder build);
}
