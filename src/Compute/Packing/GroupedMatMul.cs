using Minka.Compute.Cpu;
using Minka.Compute.Kernels.MatMul;

namespace Minka.Compute.Packing;

/// <summary>Products of several matrices, each with rows of its own, that a team does as one job.</summary>
/// <remarks>Its room grows to as many matrices as it is given and is then reused.</remarks>
internal sealed unsafe class GroupedMatMul
{
    private PrepareJob[] _preparations = [];
    private MatMulJob[] _products = [];
    private int _count;

    /// <summary>Forgets the products of the last job and makes room for those of the next.</summary>
    public void Begin(int productsMax)
    {
        _count = 0;
        if (_products.Length >= productsMax) return;
        _preparations = new PrepareJob[productsMax];
        _products = new MatMulJob[productsMax];
    }

    /// <summary>Adds <c>y = x wᵀ</c> for some tokens, at least one.</summary>
    /// <param name="w">Weights; not the only ones of their width.</param>
    /// <param name="team">Multiplies.</param>
    /// <param name="x">The tokens, and room of their own in a scratch.</param>
    /// <param name="y">Row t at <c>y + t * yStride</c>.</param>
    /// <param name="yStride">Floats from one token to the next.</param>
    public void Add(PackedMatrix w, ThreadTeam team, ActivationTiles x, float* y, int yStride)
    {
        _preparations[_count] = new(w, team, x);
        _products[_count++] = new(w, team, x, y, yStride);
    }

    /// <summary>Multiplies everything that was added.</summary>
    public void Run(ThreadTeam team)
    {
        var preparing = new Preparing(_preparations, _count, team);
        team.RunByTicket(ref preparing, preparing.IsSmall);
        var multiplying = new Multiplying(_products, _count, team);
        team.RunByTicket(ref multiplying, multiplying.IsSmall);
    }

    private readonly struct Preparing(PrepareJob[] jobs, int count, ThreadTeam team) : ITeamJob
    {
        public bool IsSmall
        {
            get
            {
                var values = 0L;
                for (var i = 0; i < count; i++) values += jobs[i].Values;
                return values <= PrepareJob.ValuesAloneMax;
            }
        }

        public void Run(int member, int size)
        {
            while (TryRun(team.TakeTicket())) { }
        }

        private bool TryRun(int ticket)
        {
            for (var i = 0; i < count; i++)
                if (jobs[i].TryRun(ref ticket)) return true;
            return false;
        }
    }

    private readonly struct Multiplying(MatMulJob[] jobs, int count, ThreadTeam team) : ITeamJob
    {
        public bool IsSmall => count == 1 && jobs[0].IsSmall;

        public void Run(int member, int size)
        {
            while (TryRun(team.TakeTicket(), size)) { }
        }

        private bool TryRun(int ticket, int size)
        {
            for (var i = 0; i < count; i++)
                if (jobs[i].TryRun(ref ticket, size)) return true;
            return false;
        }
    }
}
