namespace Minka.LoadTest.Arrivals;

/// <summary>Numbers by chance, from a seed.</summary>
internal sealed class Draws(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Gamma distributed with scale 1: mean and variance are <paramref name="shape"/>.</summary>
    /// <remarks>
    /// Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); a shape below 1 is drawn as
    /// shape + 1 and multiplied with a power of a uniform number, as they say in section 6.
    /// </remarks>
    public double Gamma(double shape)
    {
        if (shape == 1) return -Math.Log(Uniform());
        if (shape < 1) return Gamma(shape + 1) * Math.Pow(Uniform(), 1 / shape);
        var d = shape - 1.0 / 3;
        var c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            var x = Normal();
            var v = 1 + c * x;
            if (v <= 0) continue;
            v = v * v * v;
            if (Math.Log(Uniform()) < 0.5 * x * x + d - d * v + d * Math.Log(v)) return d * v;
        }
    }

    /// <summary>Uniform in (0, 1].</summary>
    private double Uniform() => 1 - _random.NextDouble();

    /// <summary>Standard normal (Box and Muller).</summary>
    private double Normal() =>
        Math.Sqrt(-2 * Math.Log(Uniform())) * Math.Cos(2 * Math.PI * _random.NextDouble());
}
