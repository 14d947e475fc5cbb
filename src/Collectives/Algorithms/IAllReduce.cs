using Minka.Collectives.Wires;

namespace Minka.Collectives.Algorithms;

/// <summary>One way of summing over all ranks.</summary>
internal interface IAllReduce
{
    /// <summary>Its name on the command line.</summary>
    string Name { get; }

    /// <summary>
    /// Replaces values, whose encoding fits into one message, by their sums; the same bits on every rank. The group has
    /// at least two ranks.
    /// </summary>
    void Run(Group group, Span<float> values, IWire wire);

    /// <summary>Seconds it should take on links of full duplex and a switch that does not block.</summary>
    /// <param name="size">Ranks.</param>
    /// <param name="bytes">Of the encoded values.</param>
    /// <param name="link">What a link costs.</param>
    double Predict(int size, double bytes, LinkCost link);
}

/// <summary>What a message costs on a link.</summary>
/// <param name="Latency">Seconds one way.</param>
/// <param name="SecondsPerByte">Of a large message.</param>
internal readonly record struct LinkCost(double Latency, double SecondsPerByte);
